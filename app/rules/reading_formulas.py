"""A document of kind formula → the checked formula: `let` values, the limit, what binds it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from app.rules import syntax as s
from app.rules.document import Scalar
from app.rules.fields import NAME, Fields
from app.rules.problems import Problem
from app.rules.rulesets import UNKNOWN_OUTCOMES, Choice, Formula, Header
from app.rules.scope import Scope, check_expression, checker_of, read_reason
from app.rules.terms import Term
from app.rules.types import BOOLEAN, LARGEST_FEN, MONEY, NUMBER, TEXT, Type, whole_fen


def read_formula(fields: Fields, header: Header, scope: Scope) -> Formula | None:
    types, definitions = dict(scope.types), dict(scope.definitions)
    lets: list[tuple[str, Term, str]] = []
    choices: list[Choice] = []
    broken: set[str] = set()
    for key, node in fields.mapping("let", required=False):
        inner = Scope(types, definitions, scope.reasons, _Either(scope.broken, broken))
        if not _is_let_name(key, types, fields.problems):
            continue
        if not isinstance(node, Scalar):
            fields.problems.append(
                node.problem("wrong-kind", f"'{key.text}' must be one expression")
            )
            continue
        checked = check_expression(node, inner, fields.problems, None, "")
        if checked is None:
            broken.add(key.text)
            continue
        term, tree = checked
        lets.append((key.text, term, node.text))
        types[key.text] = {
            NUMBER: Type("number"),
            MONEY: Type("money"),
            TEXT: Type("text"),
            BOOLEAN: Type("boolean"),
        }[term.kind]
        definitions[key.text] = term
        choices += _choices(key.text, node.text, tree, inner)
    written = fields.scalar("limit")
    whole = Scope(types, definitions, scope.reasons, _Either(scope.broken, broken))
    limit = written and check_expression(written, whole, fields.problems, MONEY, "a limit")
    unit = _read_yuan(fields, "round_down_to", required=False)
    minimum = fields.fields("minimum", "'minimum'", required=False)
    amount, then, reason = None, "decline", None
    if minimum is not None:
        amount = _read_yuan(minimum, "amount")
        then = minimum.choice("then", UNKNOWN_OUTCOMES) or "decline"
        reason = read_reason(minimum, scope)
        minimum.finish()
    if not (written and limit):
        return None
    choices += _choices("limit", written.text, limit[1], whole)
    return Formula(
        header, tuple(lets), limit[0], written.text, tuple(choices), unit or 1, amount, then, reason
    )


class _Either:
    """The names of one or the other."""

    def __init__(self, one: Container[str], other: Container[str]) -> None:
        self._both = (one, other)

    def __contains__(self, name: object) -> bool:
        return any(name in names for names in self._both)


def _is_let_name(key: Scalar, types: Mapping[str, Type], problems: list[Problem]) -> bool:
    if not NAME.fullmatch(key.text) or key.text == "limit":
        problems.append(
            key.problem(
                "bad-name",
                f"'{key.text}' cannot be the name of a value",
                "a name has letters, digits and _, starts with a letter, and is not 'limit'",
                max(1, len(key.text)),
            )
        )
        return False
    if key.text in types:
        problems.append(
            key.problem(
                "name-taken",
                f"'{key.text}' is an input or a value already",
                "choose another name",
                len(key.text),
            )
        )
        return False
    return True


def _read_yuan(fields: Fields, key: str, required: bool = True) -> int | None:
    """An amount in yuan, above zero, as fen."""
    amount = fields.number(key, required)
    if amount is None:
        return None
    fen = whole_fen(amount)
    if fen is None or not 0 < fen <= LARGEST_FEN:
        node = fields.node_of(key)
        assert node is not None
        fields.problems.append(
            node.problem(
                "less-than-a-fen",
                f"'{key}' must be an amount in yuan above 0 with at most two decimals",
            )
        )
        return None
    return fen


def _choices(of: str, text: str, tree: s.Syntax, scope: Scope) -> list[Choice]:
    """The outermost `min` of an expression, so that the binding operand can be named."""
    calls = (n for n in _walk(tree) if isinstance(n, s.Call) and n.function == "min")
    call = next((n for n in calls if len(n.arguments) > 1), None)
    if call is None:
        return []
    term = checker_of(scope, lambda error: None).term(call)
    if term is None or term.op != "min":
        return []
    return [Choice(of, tuple(text[a.start : a.end] for a in call.arguments), term.args)]


def _walk(tree: s.Syntax) -> Iterator[s.Syntax]:
    """A tree's nodes in reading order, as far as arithmetic reaches."""
    yield tree
    match tree:
        case s.Arithmetic():
            yield from _walk(tree.left)
            yield from _walk(tree.right)
        case s.Negative():
            yield from _walk(tree.operand)
        case s.Call():
            for argument in tree.arguments:
                yield from _walk(argument)
