"""`rulesets/reference/tariffs.yaml` comes in; what a COD fee may be, as frozen tariffs and as SQL
over a bill's columns, goes out. The file is optional.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from app.errors import ChengxinError
from app.features.calendar import first_day_of
from app.features.sql_text import write_literal
from app.rules.document import AnyNode, Mapping, load_yaml
from app.rules.fields import Fields
from app.rules.problems import Problem, ProblemsFound

FILE = "tariffs.yaml"
MILLION = 1_000_000
MOST_YUAN = 1_000_000_000  # of an amount or a fee that a tariff names


@dataclass(frozen=True, slots=True)
class Step:
    """The fee of amounts up to and with `up_to_fen` (None: of all above): a fixed part and a rate
    in millionths.
    """

    up_to_fen: int | None
    fee_fen: int
    rate_ppm: int


@dataclass(frozen=True, slots=True)
class Formula:
    """Steps in rising order; the fee is rounded up to `unit_fen`, then held between `least_fen` and
    `cap_fen`.
    """

    steps: tuple[Step, ...]
    unit_fen: int
    least_fen: int
    cap_fen: int | None

    def sql(self, amount: str) -> str:
        """The fee in fen of an amount above 0, in whole numbers throughout."""
        *lower, last = [self._round_sql(step, amount) for step in self.steps]
        fee = last
        if lower:
            arms = "".join(
                f" when {amount} <= {step.up_to_fen} then {text}"
                for step, text in zip(self.steps, lower, strict=False)
            )
            fee = f"case{arms} else {last} end"
        if self.least_fen:
            fee = f"greatest({fee}, {self.least_fen})"
        return f"least({fee}, {self.cap_fen})" if self.cap_fen is not None else fee

    def _round_sql(self, step: Step, amount: str) -> str:
        if not step.rate_ppm:
            return str(-(-step.fee_fen // self.unit_fen) * self.unit_fen)
        divisor = MILLION * self.unit_fen
        whole = f"{amount} * {step.rate_ppm} + {step.fee_fen * MILLION + divisor - 1}"
        return f"({whole}) // {divisor} * {self.unit_fen}"


@dataclass(frozen=True, slots=True)
class Tariff:
    """What some bills pay: those of these sources and carriers (none named: of all), created from
    `first` to `last` (None: always). A fee is right by any of the formulas.
    """

    name: str
    sources: tuple[str, ...]
    carriers: tuple[str, ...]
    first: date | None
    last: date | None
    any_of: tuple[Formula, ...]

    @property
    def fits_all(self) -> bool:
        return not (self.sources or self.carriers or self.first or self.last)

    def fits_sql(self, begin: date, end: date) -> str | None:
        """The condition that it fits a waybill `w` of the days from `begin` up to `end`; None when
        it fits none of them.
        """
        if (self.first and self.first >= end) or (self.last and self.last < begin):
            return None
        tests = []
        for column, names in (("source", self.sources), ("carrier_id", self.carriers)):
            if names:
                tests.append(f"w.{column} in ({', '.join(map(write_literal, names))})")
        if self.first and self.first > begin:
            tests.append(f"w.created_at >= {write_literal(self.first)}")
        if self.last and self.last + timedelta(1) < end:
            tests.append(f"w.created_at < {write_literal(self.last + timedelta(1))}")
        return " and ".join(tests) or "true"


@dataclass(frozen=True, slots=True)
class Tariffs:
    """The tariffs as the file says them, the first that fits counts; `sha256` is of the file."""

    tariffs: tuple[Tariff, ...]
    sha256: str

    def outlier_sql(self, month: int, least_fen: str, percent: str) -> str:
        """Whether the COD fee of a waybill `w` of the month with a fee and an amount differs from
        its tariff by more than both; null where no tariff fits.
        """
        begin, end = first_day_of(month), first_day_of(month + 1)
        arms = [
            f" when {fits} then {_differs_sql(tariff, least_fen, percent)}"
            for tariff in self.tariffs
            if (fits := tariff.fits_sql(begin, end)) is not None
        ]
        return f"case{''.join(arms)} end" if arms else "cast(null as boolean)"


def _differs_sql(tariff: Tariff, least_fen: str, percent: str) -> str:
    """Nested, not joined by `and`, so that what one formula explains is not compared further."""
    differs = "true"
    for formula in reversed(tariff.any_of):
        fee = f"({formula.sql('w.cod_fen')})"
        gap = f"abs(w.cod_fee_fen - {fee})"
        differs = f"case when {gap} * 100 > {fee} * {percent} then {differs} else false end"
        differs = f"case when {gap} > {least_fen} then {differs} else false end"
    return differs


def load_tariffs(path: Path) -> Tariffs | None:
    """The file's tariffs; None without a file. Raises ProblemsFound with all that is wrong."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ChengxinError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    problems: list[Problem] = []
    fields = Fields(load_yaml(path.name, text), "the file of tariffs", problems)
    found: list[Tariff] = []
    for node in fields.sequence("tariffs"):
        tariff = _read_tariff(Fields(node, "a tariff", problems), found)
        if tariff is not None:
            found.append(tariff)
    fields.finish()
    if problems:
        raise ProblemsFound(problems)
    return Tariffs(tuple(found), hashlib.sha256(content).hexdigest())


def _read_tariff(fields: Fields, before: list[Tariff]) -> Tariff | None:
    count = len(fields.problems)
    name = fields.text("tariff")
    fields.words("title", required=False)
    sources, carriers = (_read_names(fields, key) for key in ("sources", "carriers"))
    first, last = (_read_day(fields, key) for key in ("from", "until"))
    if first and last and last < first:
        _refuse(fields, "until", f"'until' is {last}, before 'from', {first}", "swap the two days")
    any_of = tuple(
        formula
        for node in fields.sequence("any_of")
        if (formula := _read_formula(Fields(node, "a fee", fields.problems))) is not None
    )
    fields.finish()
    for other in before:
        if name == other.name:
            _refuse(fields, "tariff", f"the tariff '{name}' stands twice", "give it another name")
        elif other.fits_all:
            hint = f"put it above '{other.name}', or delete it"
            _refuse(fields, "tariff", f"'{name}' never counts: '{other.name}' fits all", hint)
    if name is None or len(fields.problems) > count:
        return None
    return Tariff(name, sources, carriers, first, last, any_of)


def _read_formula(fields: Fields) -> Formula | None:
    count = len(fields.problems)
    steps = [
        _read_step(Fields(node, "a step", fields.problems)) for node in fields.sequence("steps")
    ]
    _check_order(fields, steps)
    unit = _read_fen(fields, "round_up_to")
    least, cap = _read_fen(fields, "least"), _read_fen(fields, "cap")
    if unit == 0:
        _refuse(fields, "round_up_to", "'round_up_to' is 0", "write 1 for whole yuan")
    if least is not None and cap is not None and cap < least:
        _refuse(fields, "cap", "'cap' is below 'least'", "swap the two")
    fields.finish()
    if len(fields.problems) > count:
        return None
    return Formula(tuple(steps), unit or 1, least or 0, cap)


def _check_order(fields: Fields, steps: list[Step]) -> None:
    """Every step but the last has an end, and ends rise."""
    if steps and steps[-1].up_to_fen is not None:
        hint = "leave out its 'up_to', so that it says what all larger amounts pay"
        _refuse(fields, "steps", "the last step ends", hint)
    before = -1
    for place, step in enumerate(steps[:-1], start=1):
        if step.up_to_fen is None:
            hint = "give it 'up_to', or make it the last"
            _refuse(fields, "steps", f"step {place} has no end and is not the last", hint)
        elif step.up_to_fen <= before:
            hint = "let 'up_to' rise from step to step"
            _refuse(fields, "steps", f"step {place} ends before the step above it", hint)
        else:
            before = step.up_to_fen


def _read_step(fields: Fields) -> Step:
    up_to, fee = _read_fen(fields, "up_to"), _read_fen(fields, "fee")
    rate = fields.number("rate", required=False)
    ppm = rate * MILLION if rate is not None else Decimal(0)
    if ppm != int(ppm) or not 0 <= ppm <= MILLION:
        hint = "write a share from 0 to 1 with at most 6 decimals: 0.001 is 0.1%"
        _refuse(fields, "rate", f"'rate' is {rate}", hint)
    if not fields.has("rate") and not fields.has("fee") and isinstance(fields.node, Mapping):
        problem = fields.node.problem(
            "key-missing", "a step needs 'fee' or 'rate'", "as in {up_to: 200, fee: 2}"
        )
        fields.problems.append(problem)
    fields.finish()
    return Step(up_to, fee or 0, int(ppm))


def _read_names(fields: Fields, key: str) -> tuple[str, ...]:
    if not fields.has(key):
        return ()
    found = fields.texts(key)
    if not found:
        _refuse(fields, key, f"'{key}' names nobody", "leave the key out for all")
    for node in found:
        if node.is_null:
            fields.problems.append(node.problem("key-empty", f"'{key}' has an empty name"))
    return tuple(dict.fromkeys(node.text for node in found))


def _read_day(fields: Fields, key: str) -> date | None:
    node = fields.scalar(key, required=False)
    if node is None:
        return None
    try:
        return date.fromisoformat(node.text)
    except ValueError:
        _refuse(fields, key, f"'{node.text[:40]}' is no day", "write it as 2026-02-17")
        return None


def _read_fen(fields: Fields, key: str) -> int | None:
    """Yuan as written, in fen; None where the key is absent or wrong."""
    yuan = fields.number(key, required=False)
    if yuan is None:
        return None
    fen = yuan * 100
    if fen != int(fen) or not 0 <= yuan <= MOST_YUAN:
        _refuse(fields, key, f"'{key}' is {yuan}", "write an amount in yuan such as 40 or 0.5")
        return None
    return int(fen)


def _refuse(fields: Fields, key: str, message: str, hint: str) -> None:
    node: AnyNode = fields.node_of(key, required=False) or fields.node
    fields.problems.append(node.problem("wrong-value", message, hint))
