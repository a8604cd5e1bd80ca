"""`chengxin policy compare`: what was recorded since a challenger or a shadow began comes in; how
it did against the active release is printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from app.commands.policy_common import AS_JSON, now, open_store, read_time
from app.commands.policy_show import show_time
from app.comparisons.paired import compare_pairs
from app.comparisons.recorded import ROLES, Told, compare_roles, tell
from app.policies.release_records import ReleaseEvent, ReleaseRefused
from app.settings import load_settings
from app.storage.connection import connect
from app.storage.recorded import list_of_experiment, list_pairs
from app.storage.releases import SqlReleaseStore


@dataclass(frozen=True, slots=True)
class Beside:
    """A shadow or challenger that runs, or the last one that ran."""

    number: int
    began_at: datetime
    experiment: str | None
    is_running: bool


@click.command("compare", short_help="Challenger and shadow against the active.")
@click.argument("product")
@click.option(
    "--since",
    metavar="TIME",
    help="Only what was decided since then, as 2026-12-01; else since it began.",
)
@AS_JSON
def compare(product: str, since: str | None, as_json: bool) -> None:
    """Compare what was recorded: champion against challenger, active release against shadow.

    Of each it is the one that runs, else the last that ran.
    """
    settings = load_settings()
    store = open_store(settings)
    if product not in store.products():
        known = ", ".join(store.products()) or "none"
        raise ReleaseRefused(
            f"nothing of '{product}' is published; products with releases: {known}"
        )
    moment = None if since is None else read_time(since, "--since")
    if moment is not None and moment > now():
        raise ReleaseRefused(f"--since is {since}; that is still to come")
    database = connect(settings)
    challenge = _compare_challenge(database, product, store, moment)
    shadow = _compare_shadow(database, product, store, moment)
    if as_json:
        found = {"product": product, "challenge": challenge, "shadow": shadow}
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo("\n".join([*_render_challenge(challenge), *_render_shadow(shadow)]))


def _find(store: SqlReleaseStore, product: str, kind: str) -> Beside | None:
    """From the audit trail: the last that was begun."""
    events = store.events_of(product)
    begun = next((event for event in reversed(events) if event.event == f"{kind}_on"), None)
    if begun is None:
        return None
    settings = store.settings_of(product)
    running = settings.shadow if kind == "shadow" else settings.challenger
    return Beside(begun.number, begun.at, _experiment(begun), running == begun.number)


def _experiment(event: ReleaseEvent) -> str | None:
    return (event.detail or {}).get("experiment")


def _compare_challenge(
    database: Any, product: str, store: SqlReleaseStore, since: datetime | None
) -> dict[str, Any] | None:
    ran = _find(store, product, "challenge")
    if ran is None or ran.experiment is None:
        return None
    start = max(ran.began_at, since or ran.began_at)
    decisions = (tell(one) for one in list_of_experiment(database, product, ran.experiment, start))
    share = store.settings_of(product).share / 10_000 if ran.is_running else None
    return {
        "challenger": ran.number,
        "experiment": ran.experiment,
        "is_running": ran.is_running,
        "share": share,
        "since": start.isoformat(),
        **compare_roles(decisions),
    }


def _compare_shadow(
    database: Any, product: str, store: SqlReleaseStore, since: datetime | None
) -> dict[str, Any] | None:
    ran = _find(store, product, "shadow")
    if ran is None:
        return None
    start = max(ran.began_at, since or ran.began_at)
    return {
        "shadow": ran.number,
        "is_running": ran.is_running,
        "since": start.isoformat(),
        **compare_pairs(_read_pairs(database, product, ran.number, start)),
    }


def _read_pairs(
    database: Any, product: str, number: int, since: datetime
) -> Iterator[tuple[Told | str, Told | str]]:
    for decision, shadow in list_pairs(database, product, number, since):
        told: Told | str = tell(decision)
        if decision.get("stopped"):
            told = "stopped"
        elif decision.get("role") == "challenger":
            told = "challenger"
        yield told, str(shadow["error"]) if "error" in shadow else tell(shadow)


# --- for reading ---


def _render_challenge(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["no release has challenged the active one yet: chengxin policy challenge"]
    running = f"{found['share']:.2%} of the merchants" if found["is_running"] else "ended"
    lines = [
        f"champion against challenger (release {found['challenger']}, {running}),"
        f" since {show_time(found['since'])}; of each merchant its last decision"
    ]
    groups = [found["groups"][role] for role in ROLES]
    lines.append(_row("", *ROLES))
    lines.append(_row("releases", *(", ".join(map(str, one["releases"])) for one in groups)))
    lines.append(_row("merchants", *(f"{one['merchants']:,}" for one in groups)))
    for outcome in groups[0]["outcomes"]:
        lines.append(_row(outcome, *(_share(one["outcomes"][outcome]) for one in groups)))
    for tier in sorted({tier for one in groups for tier in one["tiers"]}):
        shares = (_share(one["tiers"].get(tier)) for one in groups)
        lines.append(_row(f"tier {tier}", *shares))
    lines.append(_row("mean limit", *(_yuan(one["limits"], "mean_fen") for one in groups)))
    lines.append(
        _row("per merchant", *(_yuan(one["exposure_per_merchant"], "mean_fen") for one in groups))
    )
    lines.append(_row("limits in all", *(_yuan(one["limits"], "total_fen") for one in groups)))
    lines.append(_row("price a day", *(_rate(one["price"]["mean_daily_rate"]) for one in groups)))
    lines += [f"  {name.replace('_', ' ')}: {one['said']}" for name, one in found["tests"].items()]
    for code in found["reasons_that_differ"]:
        shares = (_share(one["reasons"].get(code)) for one in groups)
        lines.append(_row(code, *shares))
    if len(groups[0]["releases"]) > 1:
        lines.append("  the champion changed meanwhile: use --since to look at one of them")
    return lines


def _render_shadow(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["no release has run in the shadow yet: chengxin policy shadow"]
    running = "" if found["is_running"] else ", ended"
    lines = [
        f"active against shadow (release {found['shadow']}{running}),"
        f" since {show_time(found['since'])}",
        f"  {found['pairs']:,} decisions, {found['same']:,} wholly the same;"
        f" {found['error_count']:,} failed in the shadow",
    ]
    for was, row in found["migration"].items():
        lines += [f"  {was} → {now_}: {n:,}" for now_, n in row.items() if n]
    limits = found["limits"]
    if limits:
        before, after = limits["active_fen"] / 100, limits["shadow_fen"] / 100
        lines.append(f"  limits in all: {before:,.2f} → {after:,.2f} yuan")
    price = found["price"]
    if price["active"] is not None:
        lines.append(f"  price a day: {_rate(price['active'])} → {_rate(price['shadow'])}")
    if found["pairs"]:
        lines.append(f"  approvals: {found['test']['said']}")
    lines += [f"  {n:>6,} × {why}" for why, n in list(found["why"].items())[:10]]
    for one in found["examples"][:5]:
        lines.append(
            f"  {one['merchant_id']}: {one['active']['outcome']} → {one['shadow']['outcome']}"
            f" ({'; '.join(one['why']) or 'limit or price'}), decision {one['decision_id']}"
        )
    lines += [f"  failed: {error} ({n:,})" for error, n in found["errors"].items()]
    lines += [f"  left out, {why}: {n:,}" for why, n in found["left_out"].items()]
    return lines


def _row(name: str, one: str, other: str) -> str:
    return f"  {name:<22} {one:>30} {other:>30}"


def _share(one: Mapping[str, Any] | None) -> str:
    if one is None or one["share"] is None:
        return "–"
    low, high = one["interval"]
    return f"{one['count']:,}  {one['share']:.1%} [{low:.1%}, {high:.1%}]"


def _yuan(found: Mapping[str, Any], key: str) -> str:
    fen = found[key]
    if fen is None:
        return "–"
    interval = found.get("interval_fen") if key == "mean_fen" else None
    around = f" [{interval[0] / 100:,.0f}, {interval[1] / 100:,.0f}]" if interval else ""
    return f"{fen / 100:,.0f}{around}"


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.4%}"
