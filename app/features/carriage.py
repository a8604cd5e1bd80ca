"""Codes that compare a bill with what carriage usually costs, or with its own repetition: rules of
the sources and reference files come in; what the SQL of a month needs of them goes out.

FREIGHT_OUTLIER and FEE_OUTLIER make a bill not eligible; DUPLICATE_SUSPECT is only counted. All are
judged when a month is rolled up, of that month's bills alone, each without regard to the others.
See docs/decisions/0026-carriage.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from app.features.reference import References
from app.features.sql_text import Sql, Value, write_literal
from app.waybills.cleaning import Cleaning
from app.waybills.codes import Code

MILLION = 1_000_000
HOUR = 3600

# A bill with an amount: what is no sale, or has none, is not judged.
_PRICED = "w.is_sale and r.file_row_number is null and w.eligible_fen > 0 and w.cod_fen > 0"


@dataclass(frozen=True, slots=True)
class FreightRule:
    """FREIGHT_OUTLIER of a source: lanes of at least `least_bills` are compared with; from
    `cod_fen` on a freight of up to `freight_fen` is an outlier too.
    """

    least_bills: int
    cod_fen: int
    freight_fen: int


@dataclass(frozen=True, slots=True)
class FeeRule:
    """FEE_OUTLIER of a source: more than `least_fen` and more than `percent` of the tariff off."""

    least_fen: int
    percent: int


@dataclass(frozen=True, slots=True)
class CarriageRule:
    """What a source is judged for; None where the code is switched off."""

    freight: FreightRule | None = None
    fee: FeeRule | None = None
    twice_hours: int | None = None


def list_carriage_rules(sources: Iterable[str], cleaning: Cleaning) -> dict[str, CarriageRule]:
    """The rules of these sources; sources that are judged for nothing are left out."""
    found = {}
    for source in sorted(sources):
        rules = cleaning.for_source(source)
        freight = FreightRule(
            rules.freight_outlier_bills,
            rules.freight_outlier_cod_fen,
            rules.freight_outlier_freight_fen,
        )
        rule = CarriageRule(
            freight if rules.judges(Code.FREIGHT_OUTLIER) else None,
            FeeRule(rules.fee_outlier_fen, rules.fee_outlier_percent)
            if rules.judges(Code.FEE_OUTLIER)
            else None,
            rules.duplicate_suspect_hours if rules.judges(Code.DUPLICATE_SUSPECT) else None,
        )
        if rule != CarriageRule():
            found[source] = rule
    return found


def write_carriage(
    month: int,
    files: Sequence[Path],
    rules: Mapping[str, CarriageRule],
    references: References,
) -> dict[str, Value]:
    """The parameters of a month's SQL that judge carriage. What its files or the rules say nothing
    of is not judged, and costs nothing.
    """
    freight = {source: rule.freight for source, rule in rules.items() if rule.freight}
    fee = {source: rule.fee for source, rule in rules.items() if rule.fee}
    twice = {source: rule.twice_hours * HOUR for source, rule in rules.items() if rule.twice_hours}
    if freight and not has_values(files, "freight_fen"):
        freight = {}
    tariffs = references.tariffs
    if fee and (tariffs is None or not has_values(files, "cod_fee_fen")):
        fee = {}
    values: dict[str, Value] = {
        "judges_freight": int(bool(freight)),
        "judges_fee": int(bool(fee)),
        "freight_ppm": Sql("cast(null as bigint)"),
        "freight_slot": Sql("cast(null as smallint)"),
        "is_freight_outlier": Sql("cast(null as boolean)"),
        "is_fee_outlier": Sql("cast(null as boolean)"),
        "fewest_bills": min((rule.least_bills for rule in freight.values()), default=1),
        "least_bills": _by_source("b.source", {s: rule.least_bills for s, rule in freight.items()}),
        "twice_seconds": Sql("cast(null as integer)"),
        "outlet": Sql("cast(null as ubigint)"),
        "distances": references.distances.sha256 if references.distances is not None else "none",
    }
    if has_values(files, "outlet_id"):
        values["outlet"] = Sql("case when w.outlet_id is not null then key_of(w.outlet_id) end")
    if twice and has_values(files, "pieces"):
        seconds = _by_source("w.source", twice)
        judged = f"{_PRICED} and w.pieces is not null and w.source in {_list(twice)}"
        values["twice_seconds"] = Sql(f"case when {judged} then {seconds} end")
    if freight:
        judged = f"{_PRICED} and w.freight_fen >= 0 and w.source in {_list(freight)}"
        cod = _by_source("w.source", {s: rule.cod_fen for s, rule in freight.items()})
        entered = _by_source("w.source", {s: rule.freight_fen for s, rule in freight.items()})
        ppm = f"w.freight_fen * {MILLION} // w.cod_fen"
        values["freight_ppm"] = Sql(f"case when {judged} then {ppm} end")
        # From slot to slot the freight rises, in two steps; how it is cut changes no result.
        slot = (
            f"case when {ppm} < 131072 then {ppm} // 2048 else least(64 + {ppm} // 65536, 255) end"
        )
        values["freight_slot"] = Sql(f"case when {judged} then cast({slot} as smallint) end")
        values["is_freight_outlier"] = Sql(
            f"case when {judged} then w.cod_fen >= {cod} and w.freight_fen <= {entered} end"
        )
    if fee and tariffs is not None:
        least = _by_source("w.source", {s: rule.least_fen for s, rule in fee.items()})
        percent = _by_source("w.source", {s: rule.percent for s, rule in fee.items()})
        judged = f"{_PRICED} and w.cod_fee_fen is not null and w.source in {_list(fee)}"
        differs = tariffs.outlier_sql(month, least, percent)
        values["is_fee_outlier"] = Sql(f"case when {judged} then {differs} end")
    return values


def _by_source(column: str, numbers: Mapping[str, int]) -> Sql:
    """The number of a judged row's source; one number for all where it is the same."""
    if len(set(numbers.values())) == 1:
        return Sql(min(numbers.values()))
    sources = defaultdict(list)
    for source, number in sorted(numbers.items()):
        sources[number].append(source)
    arms = "".join(
        f" when {column} in {_list(names)} then {number}" for number, names in sources.items()
    )
    return Sql(f"(case{arms} end)" if arms else "cast(null as bigint)")


def _list(texts: Iterable[str]) -> str:
    return f"({', '.join(write_literal(text) for text in texts)})"


def has_values(files: Sequence[Path], name: str) -> bool:
    """Whether a column of the files may hold any value, by Parquet's own statistics."""
    for file in files:
        metadata = pq.read_metadata(file)
        names = metadata.schema.names
        if name not in names:
            continue
        place = names.index(name)
        for group in range(metadata.num_row_groups):
            found = metadata.row_group(group)
            statistics = found.column(place).statistics
            if (
                statistics is None
                or not statistics.has_null_count
                or statistics.null_count < found.num_rows
            ):
                return True
    return False
