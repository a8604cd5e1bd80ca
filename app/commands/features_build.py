"""`chengxin features build`: one day or many, with what was known then; what came of each is told
as soon as it is done.
"""

from __future__ import annotations

import json
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from app.commands.features_progress import Tell, shown_progress
from app.settings import Settings

if TYPE_CHECKING:
    from app.commands.publication import Gate
    from app.features.backfill import Compute, DayBuilt, Plan
    from app.features.engine import Engine

MOST_NAMED = 3  # imports that were left out, by their ids


def make_plan(settings: Settings, known_at: str | None, again: bool) -> Plan:
    """What every day of this command is built from: the lake as it is now."""
    from app.features.backfill import Plan
    from app.features.catalogue import load_feature_catalogue
    from app.features.knowledge import shanghai_now
    from app.features.lake import read_lake

    now = shanghai_now()
    lake = read_lake(settings.lake, settings.rulesets, settings.hash_key())
    catalogue = load_feature_catalogue(settings.rulesets / "catalogue.yaml")
    return Plan(lake, catalogue, now, known_at, again, settings.engine)


def computing(settings: Settings, plan: Plan, tell: Tell) -> Compute:
    """How a day is computed."""
    from app.features.build import build_snapshot

    engine = _choose_engine(settings)
    return lambda lake, as_of: build_snapshot(
        lake, plan.catalogue, as_of, settings.memory_limit_mb, tell, engine
    )


def _choose_engine(settings: Settings) -> Engine | None:
    """The engine that CHENGXIN_ENGINE names; None is the one machine's. Raises SparkMissing here,
    before anything is computed.
    """
    if settings.engine != "spark":
        return None
    from app.features.spark.engine import SparkEngine
    from app.features.spark.session import check_spark

    check_spark()
    return SparkEngine(settings.spark_master)


def report_day(done: DayBuilt) -> dict[str, Any]:
    """A day as JSON: the snapshot's provenance and what this run did."""
    if done.built is None:
        return {"as_of": done.as_of.isoformat(), "state": "nothing_known", "why": done.why}
    built, knowledge = done.built, done.knowledge
    state = "standing" if done.stood else "built" if built.is_new else "unchanged"
    return {
        **built.snapshot.provenance,
        "state": state,
        "is_new": built.is_new,
        "rollups_made": built.made_rollups,
        "rollups_reused": built.reused_rollups,
        "path": str(built.snapshot.path),
        "known_at": knowledge.at.isoformat() if knowledge else None,
        "known_by": knowledge.how if knowledge else None,
        "left_out": [
            {"id": found.id, "file": found.file, "arrived_at": found.arrived_at}
            for found in done.left_out
        ],
    }


def tell_left_out(done: DayBuilt) -> None:
    """Say on stderr which imports a build did not know of."""
    if not done.left_out or done.knowledge is None:
        return
    names = ", ".join(f"{i.id} ({i.file}, {i.arrived_at})" for i in done.left_out[:MOST_NAMED])
    more = f" and {len(done.left_out) - MOST_NAMED} more" if len(done.left_out) > MOST_NAMED else ""
    hint = "" if done.knowledge.how == "given" else "; --known-at now counts them"
    at = done.knowledge.at.replace(microsecond=0)
    click.echo(
        f"note: {done.as_of}: known is what had arrived by {at} (Asia/Shanghai); left out:"
        f" {names}{more}{hint}",
        err=True,
    )


def build_one(
    settings: Settings, as_of: date, known_at: str | None, again: bool, tell: Tell
) -> DayBuilt:
    """Build one day, or find it standing."""
    from app.features.backfill import build_day

    plan = make_plan(settings, known_at, again)
    return build_day(plan, as_of, computing(settings, plan, tell))


def backfill(
    settings: Settings, first: date, last: date, every: str, known_at: str | None, again: bool,
    gate: Gate, publish: bool, as_json: bool,
) -> None:  # fmt: skip
    """Build each of the days, oldest first; print a line a day, or one JSON document at the end.

    Status 1 when a day is held.
    """
    from app.features.backfill import build_days, list_days

    days = list_days(first, last, every)
    plan = make_plan(settings, known_at, again)
    begun, reports = time.perf_counter(), []
    with shown_progress() as tell:
        compute = computing(settings, plan, tell)
        for count, done in enumerate(build_days(plan, days, compute), start=1):
            report = report_day(done)
            if done.built is not None and publish:
                published = gate.publish(done.built.snapshot)
                report |= {"published": published.published, "quality": published.as_json()}
            elif done.built is not None and not done.stood:
                gate.check(done.built.snapshot)
            reports.append(report)
            tell("days", count, len(days))
            if not as_json:
                click.echo(_line(report))
                tell_left_out(done)
    _sum_up(reports, time.perf_counter() - begun, publish, as_json)
    held = [one for one in reports if one.get("quality", {}).get("verdict") == "held"]
    if held or not any("id" in report for report in reports):
        raise click.exceptions.Exit(1)


def _line(report: dict[str, Any]) -> str:
    if "id" not in report:
        return f"{report['as_of']}  nothing known: {report['why'].split(';')[0]}"
    counts = report["counts"]
    is_held = report.get("quality", {}).get("verdict") == "held"
    state = "HELD" if is_held else report["state"]
    made = f", {report['rollups_made']} rollups made" if report["rollups_made"] else ""
    return (
        f"{report['as_of']}  {report['id']}  {state:<9}"
        f" {counts['merchants']} merchants, {counts['waybills']} waybills{made}"
    )


def _sum_up(reports: list[dict[str, Any]], seconds: float, publish: bool, as_json: bool) -> None:
    states = [report["state"] for report in reports]
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    if as_json:
        told = {"days": reports, "states": counts, "seconds": round(seconds, 3)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    said = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items())
    click.echo(f"{len(reports)} days in {seconds:.1f} s: {said}")
    if not publish:
        click.echo("none was published for look-up; --publish does")
