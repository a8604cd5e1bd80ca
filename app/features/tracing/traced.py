"""What a trace says: the sides of a value, each with the waybills that it is made of, and the value
computed again from them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.features.calendar import first_day_of
from app.features.tracing.files import Bill
from app.features.tracing.rows import Own

SHORT, LACKS, BASELESS = "TOO_LITTLE_HISTORY", "SOURCE_LACKS", "NO_BASE"
SUM, COUNT, DISTINCT, MEDIAN, SHOWN = "sum", "count", "distinct", "median", "shown"


@dataclass(slots=True)
class Side:
    """One part of a value: waybills, and what each gives to it. `how` they come to `total`: sum of
    what they give, count, number of different ones, median; SHOWN gives nothing but proof.
    """

    name: str
    en: str
    zh: str
    how: str
    unit: str  # fen, bills, days, …
    gives: list[tuple[Bill, Any]]

    @property
    def total(self) -> Any:
        given = [value for _, value in self.gives]
        if self.how == SUM:
            return sum(given)
        if self.how == DISTINCT:
            return len(set(given))
        if self.how == MEDIAN:
            return median(given)
        return len(given)


@dataclass(slots=True)
class Traced:
    """`value` computed from the sides, or None and its `reason`; `numbers` that lie between, by
    name; `groups` are rows of a table: months, consignees, carriers, …
    """

    first_on: date
    last_on: date
    sides: list[Side]
    value: Any = None
    reason: str | None = None
    numbers: dict[str, Any] = field(default_factory=dict)
    groups: list[dict[str, Any]] = field(default_factory=list)
    parties: list[dict[str, Any]] = field(default_factory=list)


Trace = Callable[[Own], Traced]


def window(own: Own, first: int, last: int) -> tuple[date, date]:
    """The days of M`last` back … M`first`, 1 being the last full month: first and last day."""
    end = first_day_of(own.as_of.month(first) + 1).toordinal() - 1
    return first_day_of(own.as_of.month(last)), date.fromordinal(end)


def fen_of(bills: Iterable[Bill]) -> list[tuple[Bill, int]]:
    """Each with its counted amount."""
    return [(bill, bill.amount_fen) for bill in bills]


def ones(bills: Iterable[Bill]) -> list[tuple[Bill, int]]:
    """Each counted once."""
    return [(bill, 1) for bill in bills]


def amount_side(bills: Iterable[Bill], name: str = "amount", **words: str) -> Side:
    """A sum of amounts."""
    en, zh = words.get("en", "amounts of COD bills"), words.get("zh", "代收货款金额")
    return Side(name, en, zh, SUM, "fen", fen_of(bill for bill in bills if bill.is_cod))


def count_side(bills: Iterable[Bill], name: str = "bills", **words: str) -> Side:
    """A number of bills."""
    return Side(name, words.get("en", "bills"), words.get("zh", "有效运单"), COUNT, "bills",
                ones(bills))  # fmt: skip


def proof_side(bills: Iterable[Bill], name: str, en: str, zh: str) -> Side:
    """Waybills that give nothing to the value but show why it is so."""
    once = {(bill.source, bill.waybill_no): bill for bill in bills}
    return Side(name, en, zh, SHOWN, "bills", ones(once.values()))


def history_side(own: Own) -> list[Side]:
    """The first COD bill, by which a history is short or long enough."""
    if own.first_cod is None:
        return []
    return [proof_side([own.first_cod], "first_cod", "the first COD bill", "首笔代收货款运单")]


def settle(traced: Traced, value: Callable[[], Any], **reasons: bool) -> Traced:
    """Give a trace its value, unless one of the reasons holds: short, lacking, baseless in this
    order.
    """
    told = {"short": SHORT, "lacking": LACKS, "baseless": BASELESS}
    for key, reason in told.items():
        if reasons.get(key):
            traced.reason = reason
            return traced
    traced.value = value()
    return traced


def months_table(own: Own, last: int) -> list[dict[str, Any]]:
    """M1 … M`last`: amount, seasonal index, SA amount, COD bills."""
    counts: dict[int, int] = {}
    for bill in own.rows:
        if bill.is_cod:
            counts[own.month_back(bill)] = counts.get(own.month_back(bill), 0) + 1
    return [
        {
            "month": first_day_of(own.as_of.month(k)).isoformat()[:7],
            "k": k,
            "cod_bills": counts.get(k, 0),
            "amount_fen": own.months_fen.get(k, 0),
            "seasonal_index": own.index.get(k, 1.0),
            "adjusted_fen": own.months_fen.get(k, 0) / own.index.get(k, 1.0),
        }
        for k in range(1, last + 1)
    ]


def group_by(bills: Iterable[Bill], key: Callable[[Bill], Any], name: str) -> list[dict[str, Any]]:
    """Bills and amounts by a key, the largest first; None is no key."""
    found: dict[Any, dict[str, Any]] = {}
    for bill in bills:
        word = key(bill)
        if word is None:
            continue
        row = found.setdefault(word, {name: word, "bills": 0, "amount_fen": 0})
        row["bills"] += 1
        row["amount_fen"] += bill.amount_fen
    return sorted(found.values(), key=lambda row: (-row["amount_fen"], -row["bills"], row[name]))


def amounts_by(groups: Iterable[Mapping[str, Any]]) -> list[int]:
    return [row["amount_fen"] for row in groups]


def median(values: Iterable[Any]) -> float:
    """The mean of the two middle ones; 0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    middle: float = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return middle


def half_up(value: float) -> int:
    """Whole fen, halves up, as a build rounds."""
    return int((value + 0.5) // 1)


def divide_fen(amount_fen: int, count: int) -> int:
    """In whole fen, halves up, in whole numbers throughout."""
    return (2 * amount_fen + count) // (2 * count)
