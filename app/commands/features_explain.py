"""`chengxin features explain`: a value of a snapshot and the very waybills behind it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.features.snapshots import Snapshot

SHOWN = 50  # rows of a list, without --all
WIDE = 200  # columns of a table that no terminal bounds


@click.command("explain")
@click.argument("merchant")
@click.argument("feature")
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="The snapshot's day.  [default: the newest there is]")  # fmt: skip
@click.option("--snapshot", "snapshot_id", metavar="ID",
              help="A snapshot of that day other than the last build's.")  # fmt: skip
@click.option("--all", "with_all", is_flag=True, help=f"All rows, not the first {SHOWN}.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              help="Write all waybills to a file that ends in .parquet or .csv.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON, money in fen.")
def explain_command(
    merchant: str, feature: str, as_of: datetime | None, snapshot_id: str | None,
    with_all: bool, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Lead a feature's value back to its waybills: the value, its definition, the whole numbers it
    was computed from, and every waybill behind it with what was counted of it.

    The value is computed again from these waybills alone and compared; where it differs the status
    is 1.
    """
    settings = load_settings()
    told = _trace(settings, merchant, feature, as_of.date() if as_of else None, snapshot_id)
    count = len(told["waybills"])
    if out is not None:
        from app.features.export import write_table
        from app.features.tracing.explain import as_table

        write_table(as_table(told["waybills"]), out)
    if not with_all:
        told = _shorten(told)
    told["waybills_in_all"] = count
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _print(told, out)
    if not told["agrees"]:
        raise click.exceptions.Exit(1)


def _trace(
    settings: Settings, merchant: str, feature: str, as_of: date | None, snapshot_id: str | None
) -> dict[str, Any]:
    from app.features.catalogue import load_feature_catalogue
    from app.features.lake import read_lake
    from app.features.tracing.explain import Traceable, explain, find_feature, open_own

    catalogue = load_feature_catalogue(settings.rulesets / "catalogue.yaml")
    find_feature(catalogue, feature)
    snapshot = _choose(settings, as_of, snapshot_id)
    lake = read_lake(settings.lake, settings.rulesets, settings.hash_key())
    given = Traceable(snapshot, lake, catalogue, settings.memory_limit_mb)
    with open_own(given, merchant) as (own, row):
        return explain(own, row, given, feature)


def _choose(settings: Settings, as_of: date | None, snapshot_id: str | None) -> Snapshot:
    from app.features.snapshots import NoSnapshot, find_snapshot, list_snapshots

    if snapshot_id is None and as_of is not None:
        return find_snapshot(settings.lake, as_of)
    found = list_snapshots(settings.lake, as_of)
    if snapshot_id is not None:
        found = [one for one in found if one.id == snapshot_id]
    if not found:
        named = f"no snapshot {snapshot_id}" if snapshot_id else "no snapshot yet"
        raise NoSnapshot(f"{named}; chengxin features list has those there are")
    return found[-1] if snapshot_id else find_snapshot(settings.lake, found[-1].meta.as_of)


def _shorten(told: dict[str, Any]) -> dict[str, Any]:
    lists = ("waybills", "groups", "parties")
    return {key: value[:SHOWN] if key in lists else value for key, value in told.items()}


def _print(told: Mapping[str, Any], out: Path | None) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in _head(told):
        console.print(line)
    for title, rows in (
        ("sides", [_side_row(side) for side in told["sides"]]),
        ("groups", told["groups"]),
        ("parties", told["parties"]),
        ("waybills", [_waybill_row(row) for row in told["waybills"]]),
    ):
        if rows:
            _print_table(title, rows)
    hidden = told["waybills_in_all"] - len(told["waybills"])
    if hidden:
        console.print(f"… and {hidden} waybills more; --all shows them, --out FILE writes them")
    if out is not None:
        console.print(f"{told['waybills_in_all']} waybills written to {out}")


def _head(told: Mapping[str, Any]) -> Iterator[str]:
    snapshot, definition = told["snapshot"], told["definition"]
    unit = definition["unit"]
    shown = told["reason"] if told["value"] is None else _show(told["value"], unit)
    yield f"{told['feature']} of {told['merchant_id']}: {shown}"
    known = f", known at {snapshot['known_at']}" if snapshot["known_at"] else ""
    yield f"snapshot {snapshot['id']} as of {snapshot['as_of']}{known}"
    yield definition["zh"]
    yield definition["en"]
    yield f"window {told['window']['from']} to {told['window']['to']}"
    again = told["from_waybills"]
    value = again["reason"] if again["value"] is None else _show(again["value"], unit)
    if told["agrees"]:
        yield f"computed again from the waybills below: {value}, the same"
    else:
        yield f"computed again from the waybills below: {value}, WHICH DIFFERS; {told['why_not']}"
    for name, number in told["numbers"].items():
        is_fen = name.endswith("_fen") or "_fen_" in name
        yield f"  {name}: {_show(number, 'fen' if is_fen else '')}"


def _show(value: Any, unit: str) -> str:
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value)
    if unit == "fen":
        return f"{value / 100:,.2f} yuan"
    if isinstance(value, float):
        return f"{value:.10g} {unit}".strip()
    return f"{value} {unit}".strip()


def _side_row(side: Mapping[str, Any]) -> dict[str, str]:
    total = "" if side["total"] is None else _show(side["total"], side["unit"])
    return {"side": side["name"], "": f"{side['en']} · {side['zh']}", "waybills": side["waybills"],
            "total": total, "how": "" if side["total"] is None else side["how"]}  # fmt: skip


def _waybill_row(row: Mapping[str, Any]) -> dict[str, Any]:
    gives = ", ".join(f"{side} {value}" for side, value in row["gives"].items())
    return {
        "day": row["day"],
        "source": row["source"],
        "waybill_no": row["waybill_no"],
        "merchant": row["merchant_id"],
        "consignee": row["consignee_id"],
        "entered_fen": row["entered_fen"],
        "counted_fen": row["counted_fen"],
        "codes": " ".join(row["codes"]) + (f" by {row['returned_by']}" * bool(row["returned_by"])),
        "gives": gives,
        "import": row["import_id"],
        "arrived_at": row["arrived_at"],
    }


def _print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(
        highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDE
    )
    table = Table(box=None, pad_edge=False, title_justify="left")
    for name in rows[0]:
        numbers = all(isinstance(row[name], (int, float)) or row[name] is None for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(f"\n{title}")
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.8g}" if isinstance(value, float) else str(value)
