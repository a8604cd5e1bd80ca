"""`chengxin decide` one merchant, explained for reading; `chengxin decision show | replay` what was
recorded.
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import orjson

from app.commands.decision_explain import explain, what_if
from app.decisions.explain import explain_to_staff
from app.decisions.ports import DecisionRequest
from app.decisions.service import Decider, load_live
from app.errors import ChengxinError
from app.rules.rulesets import PURPOSES
from app.settings import load_settings
from app.storage.connection import connect
from app.storage.decisions import SqlDecisionStore

OUTCOME_STYLES = {"approve": "green", "refer": "yellow", "decline": "red"}


class BadFactsFile(ChengxinError):
    """A file of facts that cannot be used."""


@click.command("decide")
@click.argument("merchant")
@click.option(
    "--policy", required=True, help="The product, e.g. wuliudai. Its active release decides."
)
@click.option(
    "--facts",
    type=click.Path(path_type=Path),
    help="A JSON file of the bank's facts: {name: value}, money in yuan.",
)
@click.option("--purpose", type=click.Choice(PURPOSES), default="drawdown", show_default=True)
@click.option("--amount", help="What is asked for, in yuan.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Decide as at the day of that snapshot instead of today.",
)
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="en",
    show_default=True,
    help="Of the explanation.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole record.")
def decide_command(
    merchant: str,
    policy: str,
    facts: Path | None,
    purpose: str,
    amount: str | None,
    as_of: datetime | None,
    lang: str,
    as_json: bool,
) -> None:
    """Decide MERCHANT by the active release of a policy, record it, and explain it."""
    decider = _decider()
    request = DecisionRequest(
        policy=policy,
        merchant_id=merchant,
        purpose=purpose,
        facts=_read_facts(facts),
        amount_fen=_read_amount(amount),
        as_of=_day(as_of),
    )
    recorded = decider.decide(request)
    decider.finish()
    _print(decider, orjson.loads(recorded.record_json), lang, as_json)


@click.group()
def decision() -> None:
    """Look at recorded decisions."""


decision.add_command(explain)
decision.add_command(what_if)


@decision.command()
@click.argument("decision_id", metavar="ID")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the whole record.")
def show(decision_id: str, lang: str, as_json: bool) -> None:
    """Show a recorded decision with its explanation."""
    decider = _decider()
    _print(decider, orjson.loads(decider.find(decision_id).record_json), lang, as_json)


@decision.command()
@click.argument("decision_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def replay(decision_id: str, as_json: bool) -> None:
    """Judge a recorded decision again from its record and release; exit with 1 where anything
    differs.
    """
    report = _decider().replay(decision_id)
    if as_json:
        shown = {"id": report.decision_id, "same": report.same, "differences": report.differences}
        click.echo(json.dumps(shown, ensure_ascii=False))
    elif report.same:
        click.echo(f"decision {decision_id}: judged again, everything is the same")
    else:
        click.echo(f"decision {decision_id}: judged again, this differs:")
        for key, (recorded, now) in report.differences.items():
            click.echo(
                f"  {key}: recorded {json.dumps(recorded, ensure_ascii=False)},"
                f" now {json.dumps(now, ensure_ascii=False)}"
            )
    sys.exit(0 if report.same else 1)


def _decider() -> Decider:
    return Decider(SqlDecisionStore(connect(load_settings())))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment is not None else None


def _read_facts(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        facts = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadFactsFile(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadFactsFile(f"{path} is not JSON: {error}") from None
    if not isinstance(facts, dict):
        raise BadFactsFile(
            f'{path} must hold one JSON object of facts, as in {{"other_exposure": 0, "age": 35}}'
        )
    return facts


def _read_amount(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        fen = Decimal(text.replace("_", "").replace(",", "")) * 100
    except InvalidOperation:
        raise BadFactsFile(
            f"--amount {text} is no number; write yuan, as in 80000 or 80000.00"
        ) from None
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 < fen <= 10**13:
        raise BadFactsFile(f"--amount {text} must be above 0 with at most two decimals")
    return int(fen)


# --- for reading ---


def _print(decider: Decider, record: dict[str, Any], lang: str, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2).decode())
        return
    live = load_live(decider.release_of(record["policy"], record["release"]))
    click.secho(
        f"{record['outcome'].upper()}", fg=OUTCOME_STYLES[record["outcome"]], bold=True, nl=False
    )
    click.echo(
        f"  merchant {record['merchant_id']} · {record['policy']}"
        f" release {record['release']} · {record['purpose']}"
    )
    score = "–" if record["score"] is None else f"{record['score']:g}"
    click.echo(
        f"score {score} · tier {record['tier'] or '–'}"
        f" · limit {_yuan(record['limit_fen'])} · {_price(record)}"
    )
    lines = explain_to_staff(record["reasons"], live.policy.reasons, lang)
    for place, line in enumerate(lines, start=1):
        click.echo(f"  {place}. {line}")
    if record["unknowns"]:
        click.echo(
            "missing and needed: "
            + ", ".join(
                f"{name} ({record['missing'].get(name, 'null')})" for name in record["unknowns"]
            )
        )
    for stage in record["stages"]:
        click.echo(f"{stage['stage']:>12}: {_stage_line(stage)}")
    snapshot = record["snapshot"]
    seen = (
        f"snapshot {snapshot['id']} as of {snapshot['as_of']}, {snapshot['age_days']} days old"
        + _describe_held(snapshot.get("newer_held"))
        if snapshot
        else "no snapshot of this merchant"
    )
    agree = "both engines agree" if record["engines_agree"] else "THE ENGINES DISAGREE"
    click.echo(f"decision {record['id']} at {record['decided_at']} · {seen} · {agree}")


def _describe_held(held: dict[str, Any] | None) -> str:
    if held is None:
        return ""
    names = ", ".join(held["expectations"])
    return f" (the newer one as of {held['as_of']} is held back: {names})"


def _yuan(fen: int | None) -> str:
    return "–" if fen is None else f"{fen / 100:,.2f} yuan"


def _price(record: dict[str, Any]) -> str:
    if record["daily_rate"] is None:
        return "price –"
    return f"{record['daily_rate']:.3%} a day ({record['yearly_rate']:.2%} a year)"


def _stage_line(stage: dict[str, Any]) -> str:
    parts = [stage["outcome"]]
    if "rules" in stage:
        counts: dict[str, list[str]] = {}
        for rule, result in stage["rules"].items():
            counts.setdefault(result, []).append(rule)
        parts += [
            f"{result} {', '.join(ids)}" for result, ids in counts.items() if result != "clear"
        ]
        parts.append(f"{len(counts.get('clear', []))} clear")
    if "characteristics" in stage:
        score = stage["score"]
        lost = [f"{c['id']} −{c['lost']:g}" for c in stage["characteristics"] if c["lost"]]
        parts += [
            "no score" if score is None else f"{score:g} points",
            "lost: " + (", ".join(lost) or "nothing"),
        ]
    if "row" in stage:
        parts.append(f"row {stage['row']}")
    if "exact_fen" in stage:
        binding = stage["binding"].get("limit")
        parts.append(
            f"{_yuan(stage.get('limit_fen'))}" + (f", bound by {binding}" if binding else "")
        )
    return " · ".join(parts)
