"""A formula comes in; values that nothing reads, operands of `min` and `max` that never bind, and a
minimum that nobody or everybody misses go out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.lint.context import Part
from app.lint.expressions import look_into_expression
from app.lint.search import MAYBE, NO, YES, Question, can_be
from app.lint.values import TRUE, Value
from app.lint.wording import write_number
from app.rules import syntax as s
from app.rules.document import Mapping, Scalar
from app.rules.lexer import tokenize
from app.rules.parser import parse_expression
from app.rules.rulesets import Formula
from app.rules.terms import Term
from app.rules.types import BOOLEAN, MONEY


def look_into_formula(part: Part) -> None:
    """Report everything that is at fault in a formula."""
    formula = part.stage.checked
    assert isinstance(formula, Formula)
    lets = part.node.get("let")
    written = [(key, node) for key, node in lets.items] if isinstance(lets, Mapping) else []
    here = part
    found = 0
    for (_, node), (name, term, _) in zip(written, formula.lets, strict=True):
        if isinstance(node, Scalar):
            found += _look_into(here, node, name)
            here = here.with_definition(name, term)
    limit = part.node.get("limit")
    if isinstance(limit, Scalar):
        found += _look_into(here, limit, "limit")
        _report_unread(part, [(key, node) for key, node in written], limit)
    if found == 0:
        _report_minimum(part, formula)


def _look_into(part: Part, node: Scalar, name: str) -> int:
    found = look_into_expression(part, node, (name,))
    if found:
        return found
    for call in _calls(parse_expression(node.text)):
        found += _report_idle_operands(part, node, call, name)
    return found


def _report_unread(part: Part, lets: Sequence[tuple[Scalar, object]], limit: Scalar) -> None:
    texts = [node.text for _, node in lets if isinstance(node, Scalar)] + [limit.text]
    for place, (key, _) in enumerate(lets):
        if not any(key.text in names_in(text) for text in texts[place + 1 :]):
            part.findings.say(
                key,
                "let-unread",
                f"nothing reads the value '{key.text}'",
                "use it below, or delete it",
                (key.text,),
            )


def names_in(text: str) -> set[str]:
    """The names that an expression writes."""
    return {token.text for token in tokenize(text) if token.kind == "name"}


# --- min and max ---


def _calls(tree: s.Syntax) -> Iterator[s.Call]:
    """Every `min` and `max` of several operands in an expression."""
    match tree:
        case s.Call():
            if tree.function in ("min", "max") and len(tree.arguments) > 1:
                yield tree
            for argument in tree.arguments:
                yield from _calls(argument)
        case s.Arithmetic() | s.Comparison():
            yield from _calls(tree.left)
            yield from _calls(tree.right)
        case s.Conditional():
            for inner in (tree.condition, tree.then, tree.otherwise):
                yield from _calls(inner)
        case s.Negative() | s.Negation():
            yield from _calls(tree.operand)
        case s.Logic():
            for inner in tree.operands:
                yield from _calls(inner)
        case s.Membership():
            yield from _calls(tree.subject)


def _report_idle_operands(part: Part, node: Scalar, call: s.Call, name: str) -> int:
    """Operands that are never the least (of `min`) or the largest (of `max`) of all."""
    term = part.checker.term(call)
    if term is None or len(term.args) != len(call.arguments):
        return 0
    kept = list(range(len(term.args)))
    found = 0
    for place in reversed(range(len(term.args))):
        others = [i for i in kept if i != place]
        if not others or _can_bind(part, term, place, others):
            continue
        kept = others
        found += 1
        at = call.arguments[place]
        shown = " ".join(node.text[at.start : at.end].split())
        wanted = "least" if call.function == "min" else "largest"
        part.findings.say(
            node,
            "operand-never-binds",
            f"'{shown}' is never the {wanted} of what this '{call.function}' compares",
            "take it out, or change it so that it binds for some merchant",
            (name,),
            (at.start, at.end),
        )
    return found


def _can_bind(part: Part, term: Term, place: int, others: Sequence[int]) -> bool:
    """Whether an operand can be beyond all others; True where that is open."""
    op = "lt" if term.op == "min" else "gt"
    own = term.args[place]
    beyond = tuple(Term(op, BOOLEAN, (own, term.args[i])) for i in others)
    condition = beyond[0] if len(beyond) == 1 else Term("and", BOOLEAN, beyond)
    return can_be(condition, TRUE, part.domains).says != NO


# --- the minimum ---


def _report_minimum(part: Part, formula: Formula) -> None:
    """A minimum that no limit, or every limit, falls short of."""
    least, unit = formula.minimum_fen, formula.round_down_to_fen
    minimum = part.node.get("minimum")
    amount = minimum.get("amount") if isinstance(minimum, Mapping) else None
    if least is None or not isinstance(amount, Scalar):
        return
    question = Question([formula.limit], part.domains)

    def short(sets: Sequence[Value], wanted: bool = True) -> str:
        low, high, _ = sets[0]
        if low is None:
            return NO
        first, last = (max(0, end // unit * unit) < least for end in (low, high))
        if first != last:
            return MAYBE
        return YES if first == wanted else NO

    shown = write_number(least, MONEY)
    if question.ask(short).says == NO:
        part.findings.say(
            amount,
            "minimum-never-missed",
            f"no limit falls below the minimum of {shown}, so it never decides",
            "raise it, or delete `minimum`",
            ("minimum",),
        )
    elif question.ask(lambda sets: short(sets, False)).says == NO:
        part.findings.say(
            amount,
            "minimum-always-missed",
            f"no limit reaches the minimum of {shown}, so every merchant is refused by it",
            "lower it, or raise what bounds the limit",
            ("minimum",),
        )
