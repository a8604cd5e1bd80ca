"""A scorecard document → a checked scorecard: every characteristic's bins cover all values, once,
and the points add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.rules import syntax as s
from app.rules.document import AnyNode, Scalar
from app.rules.document import Mapping as MappingNode
from app.rules.fields import Fields
from app.rules.parser import parse_cell
from app.rules.problems import Problem
from app.rules.scope import Scope, check_cell, check_expression, read_reason
from app.rules.terms import Term
from app.rules.types import BOOLEAN, MONEY, NUMBER, TEXT, Type

Edge = tuple[Decimal | None, bool]  # (the value or None for open, whether it belongs to the bin)


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One characteristic. Numbers and money have `edges`: the value (fen for money) from which the
    next bin starts, and whether the edge itself belongs to that next bin. Texts and booleans have
    `words`: value → bin.
    """

    id: str
    title: Mapping[str, str]
    dimension: str
    term: Term
    written: str
    reason: str
    missing: float
    labels: tuple[str, ...]
    points: tuple[float, ...]
    edges: tuple[tuple[float | int, bool], ...]
    words: Mapping[str | bool, int]

    @property
    def best(self) -> float:
        return max(*self.points, self.missing)


@dataclass(frozen=True, slots=True)
class Scorecard:
    name: str
    title: Mapping[str, str]
    dimensions: Mapping[str, float]
    characteristics: tuple[Characteristic, ...]


def read_scorecard(root: AnyNode, scope: Scope, problems: list[Problem]) -> Scorecard | None:
    """The checked scorecard of a document; None when nothing usable came out (problems say why)."""
    fields = Fields(root, "the scorecard", problems)
    if not isinstance(root, MappingNode):
        return None
    name = fields.text("scorecard")
    title = fields.words("title", required=False)
    dimensions: dict[str, float] = {}
    for key, node in fields.mapping("dimensions"):
        inner = Fields(
            MappingNode(node.source, node.line, node.column, node.start, node.end, ((key, node),)),
            "dimensions",
            problems,
        )
        most = inner.number(key.text)
        dimensions[key.text] = float(most or 0)
    found: list[Characteristic] = []
    ids: dict[str, int] = {}
    nodes = fields.sequence("characteristics")
    for node in nodes:
        one = _read_characteristic(
            Fields(node, "a characteristic", problems), dimensions, scope, ids
        )
        if one is not None:
            found.append(one)
    fields.finish()
    if len(found) == len(nodes):
        _check_dimensions(fields, dimensions, found)
    return Scorecard(name or "", title, dimensions, tuple(found)) if found else None


def _check_dimensions(
    fields: Fields, dimensions: Mapping[str, float], found: list[Characteristic]
) -> None:
    """The best points of a dimension's characteristics are what the dimension says."""
    node = fields.node_of("dimensions", required=False)
    for name, most in dimensions.items():
        best = sum(c.best for c in found if c.dimension == name)
        if best != most and node is not None:
            at = (
                next((k for k, _ in node.items if k.text == name), node)
                if isinstance(node, MappingNode)
                else node
            )
            fields.problems.append(
                at.problem(
                    "points-do-not-add-up",
                    f"the best points of '{name}' add up to {best:g}, not {most:g}",
                    "change the points of a bin or the dimension",
                    len(name),
                )
            )


def _read_characteristic(
    fields: Fields, dimensions: Mapping[str, float], scope: Scope, ids: dict[str, int]
) -> Characteristic | None:
    identity = fields.scalar("id")
    if identity is not None:
        if identity.text in ids:
            fields.problems.append(
                identity.problem(
                    "id-twice",
                    f"the id '{identity.text}' stands in line {ids[identity.text]} already",
                    "an id is given once",
                    max(1, len(identity.text)),
                )
            )
        ids.setdefault(identity.text, identity.line)
    title = fields.words("title", required=False)
    dimension = fields.choice("dimension", dimensions)
    subject = _read_subject(fields, scope)
    reason = read_reason(fields, scope)
    missing = fields.number("missing")
    bins = fields.sequence("bins")
    fields.finish()
    if subject is None or identity is None:
        return None
    term, of, written = subject
    before = len(fields.problems)
    labels, points, tests = [], [], []
    for node in bins:
        inner = Fields(node, "a bin", fields.problems)
        when, point = inner.scalar("when"), inner.number("points")
        inner.finish()
        if when is None or point is None:
            continue
        if check_cell(when, term, of, scope, fields.problems) is None:
            continue
        labels.append(when.text)
        points.append(float(point))
        tests.append(when)
    if (
        len(fields.problems) > before
        or dimension is None
        or reason is None
        or missing is None
        or not tests
    ):
        return None
    edges: tuple[tuple[float | int, bool], ...] = ()
    words: dict[str | bool, int] = {}
    if term.kind in (NUMBER, MONEY):
        edges = _edges_of(tests, term.kind, of, fields.problems)
    else:
        words = _words_of(tests, term.kind, of, fields.problems)
    if len(fields.problems) > before:
        return None
    return Characteristic(
        identity.text,
        title,
        dimension,
        term,
        written,
        reason,
        float(missing),
        tuple(labels),
        tuple(points),
        edges,
        words,
    )


def _read_subject(fields: Fields, scope: Scope) -> tuple[Term, Type | None, str] | None:
    """`input: name` or `value: expression`."""
    if fields.has("value"):
        if fields.has("input"):
            node = fields.node_of("value")
            assert node is not None
            fields.problems.append(
                node.problem("two-subjects", "a characteristic has 'input' or 'value', not both")
            )
        expression = fields.scalar("value")
        checked = expression and check_expression(expression, scope, fields.problems, None, "")
        return (checked[0], None, expression.text) if expression and checked else None
    name = fields.scalar("input")
    checked = name and check_expression(name, scope, fields.problems, None, "")
    return (checked[0], scope.types.get(name.text), name.text) if name and checked else None


# --- bins ---


def _edges_of(
    tests: list[Scalar], kind: str, of: Type | None, problems: list[Problem]
) -> tuple[tuple[float | int, bool], ...]:
    """The edges between bins in order; problems where two neighbours leave a gap or overlap."""
    spans = [_span(test, problems) for test in tests]
    if any(span is None for span in spans):
        return ()
    edges: list[tuple[float | int, bool]] = []
    whole: list[tuple[Edge, Edge]] = [span for span in spans if span is not None]
    before = len(problems)
    for position in range(1, len(whole)):
        high, low = whole[position - 1][1], whole[position][0]
        if (
            high[0] is None
            or low[0] is None
            or high[0] > low[0]
            or (high[0] == low[0] and high[1] and low[1])
        ):
            test = tests[position]
            problems.append(
                test.problem(
                    "bins-overlap",
                    "this bin overlaps the one before it",
                    "bins stand in order, the lowest first, and meet at their edges",
                    max(1, len(test.text)),
                )
            )
    if len(problems) > before:
        return ()
    _check_ends(tests, whole, of, problems)
    for position in range(1, len(whole)):
        high, low, test = whole[position - 1][1], whole[position][0], tests[position]
        if high[0] is None or low[0] is None:
            continue
        if high[0] < low[0] or not (high[1] or low[1]):
            problems.append(
                test.problem(
                    "bins-gap",
                    "between this bin and the one before it values are left out",
                    "bins stand in order and meet at their edges",
                    max(1, len(test.text)),
                )
            )
        else:
            scaled = int(low[0] * 100) if kind == MONEY else float(low[0])
            edges.append((scaled, low[1]))
    return tuple(edges)


def _check_ends(
    tests: list[Scalar], whole: list[tuple[Edge, Edge]], of: Type | None, problems: list[Problem]
) -> None:
    """The first bin is open below and the last one above, or the input's range ends there."""
    first, last = whole[0][0], whole[-1][1]
    if first[0] is not None and not (of and of.low is not None and first[0] <= of.low and first[1]):
        problems.append(
            tests[0].problem(
                "bins-gap",
                "no bin holds values below this one",
                f'start with "{"<" if first[1] else "<="} {first[0]}"',
                max(1, len(tests[0].text)),
            )
        )
    if last[0] is not None and not (of and of.high is not None and last[0] >= of.high and last[1]):
        problems.append(
            tests[-1].problem(
                "bins-gap",
                "no bin holds values above this one",
                f'end with "{">" if last[1] else ">="} {last[0]}"',
                max(1, len(tests[-1].text)),
            )
        )


def _span(test: Scalar, problems: list[Problem]) -> tuple[Edge, Edge] | None:
    """A bin as an interval between two literals."""
    tests = parse_cell(test.text)
    if tests is None:
        return (None, False), (None, False)
    if len(tests) == 1:
        match tests[0]:
            case s.CompareTest(op=op, operand=operand):
                value = _literal(operand)
                if value is not None and op in ("<", "<="):
                    return (None, False), (value, op == "<=")
                if value is not None and op in (">", ">="):
                    return (value, op == ">="), (None, False)
                if value is not None and op == "=":
                    return (value, True), (value, True)
            case s.RangeTest(low=low, high=high) as span:
                a, b = _literal(low), _literal(high)
                holds_one = span.low_included and span.high_included
                if a is not None and b is not None and (a < b or holds_one):
                    return (a, span.low_included), (b, span.high_included)
    problems.append(
        test.problem(
            "bad-bin",
            "a bin of numbers is one interval between numbers",
            'as in "< 40", "[40..80)" or ">= 80"',
            max(1, len(test.text)),
        )
    )
    return None


def _literal(node: s.Syntax) -> Decimal | None:
    match node:
        case s.NumberLiteral(value=value):
            return value
        case s.Negative(operand=s.NumberLiteral(value=value)):
            return -value
    return None


def _words_of(
    tests: list[Scalar], kind: str, of: Type | None, problems: list[Problem]
) -> dict[str | bool, int]:
    """Value → bin for texts, categories and booleans; the last bin may be `-`: all other values
    (under the key "").
    """
    words: dict[str | bool, int] = {}
    has_rest = False
    before = len(problems)
    for position, test in enumerate(tests):
        cell = parse_cell(test.text)
        if has_rest:
            problems.append(
                test.problem(
                    "bins-overlap",
                    'the bin "-" before this one holds all other values already',
                    'the bin "-" stands last',
                    max(1, len(test.text)),
                )
            )
            return {}
        if cell is None:
            has_rest = True
            words.setdefault("" if kind == TEXT else True, position)
            if kind == BOOLEAN:
                words.setdefault(False, position)
            continue
        for one in cell:
            value = _word(one)
            if value is None:
                problems.append(
                    test.problem(
                        "bad-bin",
                        'a bin of texts lists its values, as in "A", "B"',
                        None,
                        max(1, len(test.text)),
                    )
                )
            elif value in words:
                problems.append(
                    test.problem(
                        "bins-overlap",
                        f"'{_shown(value)}' stands in a bin before this one",
                        "each value stands in one bin",
                        max(1, len(test.text)),
                    )
                )
            else:
                words[value] = position
    wanted: tuple[str | bool, ...] = (
        (True, False) if kind == BOOLEAN else (of.values or ()) if of else ()
    )
    left = [value for value in wanted if value not in words]
    if len(problems) == before and not has_rest and (left or (kind == TEXT and not wanted)):
        problems.append(
            tests[-1].problem(
                "bins-gap",
                f"no bin holds {', '.join(map(_shown, left)) or 'other texts'}",
                'end with a bin "-" for all other values',
                max(1, len(tests[-1].text)),
            )
        )
    return words


def _shown(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _word(test: s.Test) -> str | bool | None:
    match test:
        case s.CompareTest(op="=", operand=s.TextLiteral(value=text)):
            return text
        case s.CompareTest(op="=", operand=s.Name(name=name)):
            return name
        case s.CompareTest(op="=", operand=s.TruthLiteral(value=truth)):
            return truth
    return None
