"""What features need to know of the lake: its folder comes in; the waybill files by month, the
imports, and how each source is judged go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import ChengxinError
from app.features.calendar import AsOf
from app.features.carriage import CarriageRule, list_carriage_rules
from app.features.holidays import Calendar, load_calendar
from app.features.reference import References, load_references
from app.features.sql_text import Value
from app.waybills.cleaning import Cleaning, load_cleaning
from app.waybills.codes import Code
from app.waybills.lake import ImportEntry, Lake


class EmptyLake(ChengxinError):
    """There is no waybill before the as-of day; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Import:
    """An import as the provenance names it. Its waybill files are called by its id; `conflicts` is
    its file of conflicts with older imports; `history` says that its waybills were known in their
    own time.
    """

    id: str
    source: str
    file: str
    sha256: str
    arrived_at: str = ""
    cleaning_sha256: str = ""
    conflict_months: tuple[int, ...] = ()
    conflicts: Path | None = None
    history: bool = False

    @property
    def mark(self) -> str:
        """What a waybill file of this import is told by, should another import ever get the same
        id.
        """
        return f"{self.id} {self.arrived_at} {self.cleaning_sha256}"


@dataclass(frozen=True, slots=True)
class OutlierRule:
    """AMOUNT_OUTLIER of one source: from this amount on, or above so many medians."""

    amount_fen: int
    medians: int


@dataclass(frozen=True, slots=True)
class LakeState:
    """The lake at one moment: what its manifest named when it was read. Files never change, so this
    stays true.
    """

    folder: Path
    months: Mapping[int, tuple[Path, ...]]  # month as one number → its waybill files
    imports: tuple[Import, ...]
    invoice_sources: frozenset[str]
    outlier_rules: Mapping[str, OutlierRule]  # of the sources that are judged for AMOUNT_OUTLIER
    calendar: Calendar
    references: References = field(default_factory=References)
    carriage_rules: Mapping[str, CarriageRule] = field(default_factory=dict)  # by source
    told: Mapping[str, Any] = field(default_factory=dict)  # of this state, for the provenance

    @property
    def code_bits(self) -> dict[str, Value]:
        """The bits of the cleaning codes, by lower-case name, for SQL."""
        return {str(code.name).lower(): int(code) for code in Code}

    def marks_of(self, month: int) -> list[str]:
        """What tells the month's waybill files from any others, in their order."""
        marks = {found.id: found.mark for found in self.imports}
        return [marks[path.stem] for path in self.months[month]]

    def imports_of(self, months: list[int]) -> list[Import]:
        """The imports that say anything about these months, oldest first."""
        wanted = set(months)
        used = {path.stem for month in months for path in self.months[month]}
        return [i for i in self.imports if i.id in used or wanted & set(i.conflict_months)]

    def months_until(self, as_of: AsOf) -> list[int]:
        """The months that a snapshot of `as_of` may look at, oldest first: full ones, and the one
        that the cut-off cuts.

        Raises EmptyLake when there is none.
        """
        last = as_of.month(1) if as_of.cut_month is None else as_of.cut_month
        months = sorted(month for month in self.months if month <= last)
        if not months:
            raise EmptyLake(
                f"the lake has no waybills before {as_of.day}; import some with"
                " chengxin waybills import FILE --source NAME, or choose a later --as-of"
            )
        return months


def read_lake(folder: Path, rulesets: Path, hash_key: bytes | None = None) -> LakeState:
    """The lake as its manifest names it now, how `cleaning.yaml` of the rulesets judges its
    sources, and the rulesets' `calendar.yaml` and reference files, in whose place those of the
    folder `reference` beside the lake count; `hash_key` hashes phones and cards of the lists.

    Raises LakeDamaged, CleaningError, ProblemsFound, BadReferenceList.
    """
    manifest = Lake(folder).manifest()
    months = {m: tuple(folder / name for name in names) for m, names in manifest.months.items()}
    imports = tuple(_read_import(folder, entry) for entry in manifest.imports)
    cleaning = load_cleaning(rulesets / "cleaning.yaml")
    sources = {found.source for found in imports}
    invoices, outliers = judge_sources(sources, cleaning)
    calendar = load_calendar(rulesets / "calendar.yaml")
    references = load_references(rulesets, hash_key, home=folder.parent)
    return LakeState(
        folder,
        months,
        imports,
        invoices,
        outliers,
        calendar,
        references,
        carriage_rules=list_carriage_rules(sources, cleaning),
    )


def _read_import(folder: Path, entry: ImportEntry) -> Import:
    return Import(
        id=entry.id,
        source=entry.source,
        file=entry.file,
        sha256=entry.sha256,
        arrived_at=entry.arrived_at,
        cleaning_sha256=entry.cleaning_sha256,
        conflict_months=tuple(entry.conflict_months),
        conflicts=folder / entry.conflicts_file if entry.conflicts_file else None,
        history=entry.history,
    )


def judge_sources(
    sources: set[str], cleaning: Cleaning
) -> tuple[frozenset[str], dict[str, OutlierRule]]:
    """Which of the sources are of invoices, and the AMOUNT_OUTLIER rule of those that have one."""
    rules = {source: cleaning.for_source(source) for source in sorted(sources)}
    invoices = frozenset(source for source, rule in rules.items() if rule.kind == "invoice")
    outliers = {
        source: OutlierRule(rule.amount_outlier_fen, rule.amount_outlier_medians)
        for source, rule in rules.items()
        if rule.judges(Code.AMOUNT_OUTLIER)
    }
    return invoices, outliers
