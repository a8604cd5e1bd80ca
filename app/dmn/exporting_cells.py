"""Cells of our tables → unary tests of DMN, one for `fits` and one for `fits or is unknown`."""

from __future__ import annotations

from dataclasses import dataclass

from app.dmn.exporting_feel import FeelWriter, is_literal, operands_of
from app.rules import syntax as s
from app.rules.parser import parse_cell


@dataclass(frozen=True)
class Cell:
    """`fits`: the tests of a row that fits. `open`: those of a row that fits or might; None where a
    missing value leaves nothing open. `only_null`: whether null alone makes the difference.
    """

    fits: str
    open: str | None = None


ANY = Cell("-")
TRUTH = Cell("true", "true, null")


def cell_of(written: str, writer: FeelWriter, is_never_null: bool) -> Cell | None:
    """The cell as unary tests; None where only a column of its own says the same."""
    tests = parse_cell(written)
    if tests is None:
        return ANY
    for operand in (o for test in tests for o in operands_of(test)):
        is_word = isinstance(operand, s.Name) and operand.name not in writer.scope.types
        if not (is_literal(operand) or is_word or isinstance(operand, s.NullLiteral)):
            return None
    cell = _negative(tests, writer) if _is_negative(tests) else _positive(tests, writer)
    return Cell(cell.fits) if cell and is_never_null else cell


def is_open(tests: tuple[s.Test, ...]) -> bool:
    """Whether null leaves the tests unknown: no test of null is among them."""
    return not any(isinstance(o, s.NullLiteral) for test in tests for o in operands_of(test))


def _is_negative(tests: tuple[s.Test, ...]) -> bool:
    return any(
        isinstance(t, s.NotTest) or (isinstance(t, s.CompareTest) and t.op == "!=") for t in tests
    )


def _positive(tests: tuple[s.Test, ...], writer: FeelWriter) -> Cell:
    text = ", ".join(_unary(test, writer) for test in tests)
    return Cell(text, f"{text}, null" if is_open(tests) else None)


def _negative(tests: tuple[s.Test, ...], writer: FeelWriter) -> Cell | None:
    """`not("A")` and `!= "A"`: DMN lets null through there, so it is named too."""
    if len(tests) > 1:
        return None
    test = tests[0]
    inner: tuple[s.Test, ...]
    if isinstance(test, s.NotTest):
        inner = test.tests
    else:
        assert isinstance(test, s.CompareTest)
        inner = (s.CompareTest(test.start, test.end, test.depth, "=", test.operand),)
    if not all(isinstance(t, s.CompareTest) and t.op == "=" for t in inner):
        return None
    text = ", ".join(_unary(t, writer) for t in inner)
    if not is_open(inner):
        return Cell(f"not({text})")
    return Cell(f"not({text}, null)", f"not({text})")


def _unary(test: s.Test, writer: FeelWriter) -> str:
    match test:
        case s.CompareTest(op="=", operand=operand):
            return writer.tree(operand)
        case s.CompareTest(op=op, operand=operand):
            return f"{op} {writer.tree(operand)}"
        case s.RangeTest(low=low, high=high):
            left = "[" if test.low_included else "("
            right = "]" if test.high_included else ")"
            return f"{left}{writer.tree(low)}..{writer.tree(high)}{right}"
    raise AssertionError(test)
