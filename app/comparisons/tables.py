"""A simulation's report comes in; tables for the terminal go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

MOST_GROUPS = 10  # of an industry or region on the terminal
SETS = {
    "kept": "approved by both",
    "swapped_in": "swapped in",
    "swapped_out": "swapped out",
    "refused": "refused by both",
}


def print_report(found: Mapping[str, Any], console: Console) -> None:
    """Every section of every as-of day."""
    changes = found["changes"]
    console.print(f"[bold]{escape(found['after'])} against {escape(found['before'])}[/bold]")
    for change in changes:
        console.print(f"  {escape(change['where'])}: {escape(change['what'])}", highlight=False)
    if not changes:
        console.print("  both mean the same")
    for day in found["days"]:
        _print_day(day, console)


def _print_day(day: Mapping[str, Any], console: Console) -> None:
    console.print(f"\n[bold]as of {day['as_of']}[/bold], {day['merchants']:,} merchants")
    names = list(day["migration"])
    rows = [[name, *(f"{day['migration'][name][one]:,}" for one in names)] for name in names]
    _print(console, ["before ↓  after →", *names], rows)
    for name in ("swapped_in", "swapped_out"):
        _print_swap(SETS[name], day[name], console)
    if any(day[name]["count"] for name in ("swapped_in", "swapped_out")):
        console.print(f"  shares: {day['attribution']['method']}", highlight=False)
    _print(console, ["", "before", "after", "change"], _summary(day))
    for name, groups in day["groups"].items():
        shown = groups if len(groups) <= MOST_GROUPS + 1 else groups[:MOST_GROUPS]
        _print(console, [name, *GROUP_HEADS], [_group_row(group) for group in shown])
        if len(shown) < len(groups):
            rest = f"and {len(groups) - len(shown):,} more, which changed less"
            console.print(f"  {rest} (all with --out or --json)", highlight=False)
    if "outcomes" in day:
        _print_outcomes(day["outcomes"], console)
    for note in day["notes"]:
        console.print(f"  note: {escape(note)}", highlight=False)


def _print_swap(name: str, swap: Mapping[str, Any], console: Console) -> None:
    console.print(
        f"{name}: {swap['count']:,} merchants, limits of {show_fen(swap['limit_fen'])} yuan",
        highlight=False,
    )
    for part, share in swap["by_part"].items():
        if share:
            console.print(f"  {share:>12,.1f}  {escape(part)}", highlight=False)
    reasons = ", ".join(f"{code} {count:,}" for code, count in swap["by_first_reason"].items())
    if reasons:
        console.print(f"  first reasons: {escape(reasons)}", highlight=False)


def _summary(day: Mapping[str, Any]) -> list[list[str]]:
    """Approved merchants, exposure, mean limit, price, tiers: before, after, change."""
    old, new = day["limits"]["before"], day["limits"]["after"]
    price = day["price"]
    rows = [
        _counted("approved merchants", old["count"], new["count"]),
        [
            "total limits, yuan",
            show_fen(old["total_fen"]),
            show_fen(new["total_fen"]),
            show_fen(new["total_fen"] - old["total_fen"], signed=True),
        ],
        ["mean limit, yuan", show_fen(old["mean_fen"]), show_fen(new["mean_fen"]), ""],
        ["median limit, yuan", show_fen(old["median_fen"]), show_fen(new["median_fen"]), ""],
    ]
    for key, name in (("mean_daily_rate", "daily rate"), ("weighted_daily_rate", "… by limit")):
        rows.append([name, show_rate(price["before"][key]), show_rate(price["after"][key]), ""])
    tiers = day["tiers"]
    for word in tiers["words"]:
        one, other = tiers["approved_before"][word], tiers["approved_after"][word]
        if one or other:
            rows.append(_counted(f"approved in tier {word}", one, other))
    kept = day["limits"]["kept"]
    for word in ("raised", "lowered"):
        if kept[word]:
            said = show_fen(kept[f"{word}_fen"], signed=True)
            rows.append([f"kept, limit {word}", "", f"{kept[word]:,}", said])
    return rows


def _counted(name: str, before: int, after: int) -> list[str]:
    return [name, f"{before:,}", f"{after:,}", f"{after - before:+,}"]


GROUP_HEADS = (
    "merchants",
    "approved before",
    "after",
    "in",
    "out",
    "limits before, yuan",
    "after, yuan",
)


def _group_row(group: Mapping[str, Any]) -> list[str]:
    counts = ("merchants", "approved_before", "approved_after", "swapped_in", "swapped_out")
    limits = ("limit_before_fen", "limit_after_fen")
    return [
        group["group"],
        *(f"{group[key]:,}" for key in counts),
        *(show_fen(group[key]) for key in limits),
    ]


def _print_outcomes(outcomes: Mapping[str, Any], console: Console) -> None:
    rows = [
        [
            SETS[name],
            f"{one['merchants']:,}",
            f"{one['known']:,}",
            f"{one['bad']:,}",
            show_share(one["bad_rate"]),
            show_fen(one["exposure_fen"]),
            show_fen(one["loss_fen"]),
            show_share(one["loss_rate"]),
        ]
        for name, one in outcomes["sets"].items()
    ]
    heads = ["outcomes", "merchants", "known", "bad", "bad rate", "exposure", "loss", "loss rate"]
    _print(console, heads, rows)
    console.print(f"[bold]{outcomes['warning']['en']}[/bold]", highlight=False)
    if outcomes["strangers"]:
        console.print(f"  {outcomes['strangers']:,} rows are of merchants not in this snapshot")


def _print(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


def show_fen(fen: int | None, signed: bool = False) -> str:
    """Fen in whole yuan, thousands apart."""
    if fen is None:
        return "–"
    yuan = fen / 100
    return f"{yuan:+,.0f}" if signed else f"{yuan:,.0f}"


def show_rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.4%}"


def show_share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
