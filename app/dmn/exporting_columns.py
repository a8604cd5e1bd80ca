"""The columns of an exported table, and which cell in them says what a cell or a condition says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.dmn.exporting_cells import ANY, TRUTH, Cell, cell_of
from app.dmn.exporting_feel import FeelWriter, feel_value
from app.dmn.exporting_model import Column
from app.rules import syntax as s
from app.rules.lexer import ExpressionError
from app.rules.parser import parse_cell, parse_expression

UNKNOWN, CONFLICT, HIT = "unknown", "conflict", "hit"
KINDS = {"boolean": "boolean", "number": "number", "money": "money", "text": "string"}


@dataclass
class Columns:
    """The columns of one table; a cell that only an expression can say gets a column of its own."""

    writer: FeelWriter
    found: list[Column] = field(default_factory=list)

    def at(self, tree: s.Syntax) -> int:
        """The place of the column with this expression, added where it is new."""
        text = self.writer.tree(tree)
        for place, column in enumerate(self.found):
            if column.text == text:
                return place
        self.found.append(Column(text, KINDS.get(self.writer.kind_of(tree) or "", "")))
        return len(self.found) - 1

    def cell(self, subject: s.Syntax, written: str) -> tuple[int, Cell]:
        """The column and the cell that say what a cell of ours says."""
        cell = cell_of(written, self.writer, not self.writer.may_be_null(subject))
        if cell is not None:
            return self.at(subject), cell
        tests = parse_cell(written)
        assert tests is not None
        return self.at(s.Membership(subject.start, subject.end, 1, subject, tests)), TRUTH

    def condition(self, written: str) -> list[tuple[int, Cell]]:
        """A rule's condition as cells: one test of one input where it is one, else a column."""
        tree = parse_expression(written)
        simple = _as_cell(tree, written)
        if simple is not None:
            subject, text = simple
            try:
                cell = cell_of(text, self.writer, not self.writer.may_be_null(subject))
            except ExpressionError:
                cell = None
            if cell is not None and cell != ANY:
                return [(self.at(subject), cell)]
        return [(self.at(tree), TRUTH if self.writer.may_be_null(tree) else Cell("true"))]


def _as_cell(tree: s.Syntax, written: str) -> tuple[s.Syntax, str] | None:
    """`age < 20` as the subject `age` and the cell `< 20`."""
    match tree:
        case s.Membership(subject=s.Name() as name, tests=tests):
            return name, written[tests[0].start : tests[-1].end]
        case s.Name():
            return tree, "true"
        case s.Negation(operand=s.Name() as name):
            return name, "false"
        case s.Comparison(op=op, left=s.Name() as name, right=right):
            literal = _literal_text(right)
            if literal is not None:
                return name, literal if op == "=" else f"{op} {literal}"
    return None


def _literal_text(node: s.Syntax) -> str | None:
    match node:
        case s.NumberLiteral(value=value):
            return feel_value(value)
        case s.Negative(operand=s.NumberLiteral(value=value)):
            return feel_value(-value)
        case s.TextLiteral(value=text):
            return feel_value(text)
        case s.TruthLiteral(value=truth):
            return feel_value(truth)
        case s.NullLiteral():
            return "null"
    return None


def about_stage(title: Mapping[str, str], more: str) -> str:
    """The description of a stage: its title, and what more is to be said."""
    words = " ".join(title.values())
    return f"{words}. {more[0].upper()}{more[1:]}." if words else f"{more}."
