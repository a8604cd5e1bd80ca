"""Rows of measurements come in, a printed table goes out. Every benchmark gives a list of `Row`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

LOG_WIDTH = 150


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, against which floor, and what was to be reached.

    `floor` and `ours` are measured numbers in the unit of `unit` (by default seconds). `ratio` is
    compared with `target`; leave it None when there is no floor. `at_most` says on which side of
    `target` the ratio has to lie: True for times (ours ≤ target × floor), False for throughputs.
    """

    what: str
    floor: float | None
    ours: float
    ratio: float | None = None
    target: float | None = None
    note: str = ""
    unit: str = "s"
    at_most: bool = True

    def reached(self) -> bool | None:
        """Whether the target was reached; None when there is none to reach."""
        if self.target is None or self.ratio is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def print_table(rows: Sequence[Row], console: Console | None = None) -> None:
    """Print the rows; a missed target is marked in a column, so it reads without colours."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("what", "floor", "ours", "ratio", "target", ""):
        table.add_column(heading, justify="left" if heading in ("what", "") else "right")
    table.add_column("note", overflow="fold")
    marks = {True: "yes", False: "NO", None: ""}
    for row in rows:
        bound = "≤" if row.at_most else "≥"
        table.add_row(
            row.what,
            _number(row.floor, row.unit),
            _number(row.ours, row.unit),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.target is None else f"{bound} {row.target:g}",
            marks[row.reached()],
            row.note,
        )
    (console or _wide_console()).print(table)


def _wide_console() -> Console:
    """Logs and files have room for long notes; a terminal is as wide as it is."""
    console = Console()
    return console if console.is_terminal else Console(width=LOG_WIDTH)


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.4g} {unit}"
