"""A scorecard comes in; bins that no merchant reaches, thresholds outside the range of their input
and points that go against its direction go out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from app.lint.context import Part
from app.lint.domains import Domain
from app.lint.expressions import look_into_expression
from app.lint.values import FALSE, TRUE, possible
from app.lint.wording import write_number, write_range
from app.rules import syntax as s
from app.rules.catalogue import Catalogue
from app.rules.document import Mapping as MappingNode
from app.rules.document import Scalar
from app.rules.document import Sequence as SequenceNode
from app.rules.parser import parse_cell
from app.rules.program import build_program
from app.rules.terms import Term
from app.rules.types import BOOLEAN, MONEY, NUMBER, TEXT, whole_fen
from app.scoring.scorecard import Characteristic, Scorecard

UP, DOWN = "higher_is_better", "lower_is_better"
OPPOSITE = {UP: DOWN, DOWN: UP}


def look_into_scorecard(part: Part) -> None:
    """Report everything that is at fault in a scorecard."""
    card = part.stage.checked
    assert isinstance(card, Scorecard)
    for node, characteristic in zip(
        part.items("characteristics"), card.characteristics, strict=True
    ):
        if isinstance(node, MappingNode):
            _look_into_characteristic(part, node, characteristic)


def _look_into_characteristic(part: Part, node: MappingNode, one: Characteristic) -> None:
    value, bins = node.get("value"), node.get("bins")
    if isinstance(value, Scalar):
        look_into_expression(part, value, (one.id,))
    bin_nodes = [
        (when, points)
        for inner in (bins.items if isinstance(bins, SequenceNode) else ())
        if isinstance(inner, MappingNode)
        and isinstance(when := inner.get("when"), Scalar)
        and isinstance(points := inner.get("points"), Scalar)
    ]
    if len(bin_nodes) != len(one.points):
        return
    domain = _subject_domain(part, one)
    if domain is None:
        subject = node.get("value") or node.get("input") or node
        part.findings.say(
            subject,
            "always-unknown",
            f"the value of {one.id} is never known, so every merchant gets the points for missing",
            "compute it from values that can exist together",
            (one.id,),
        )
        return
    reachable = [_is_reachable(one, domain, place) for place in range(len(one.points))]
    for place, (when, _) in enumerate(bin_nodes):
        names = (one.id, f"{one.id} {when.text}")
        if all(reachable):
            _report_ends(part, one, domain, when, names)
        elif not reachable[place]:
            _say_unreachable(part, one, domain, when, names)
    _report_same_points(part, one, node)
    _report_direction(part, one, domain, bin_nodes, reachable)


def _subject_domain(part: Part, one: Characteristic) -> Domain | None:
    """The values of what a characteristic looks at; None where it is always null."""
    if one.term.op == "input":
        domain: Domain = part.domains[one.term.payload]
        return domain
    program = build_program([one.term])
    box = {name: part.domains[name].whole() for name, _ in program.inputs}
    found = possible(program, box)[program.outputs[0]]
    if one.term.kind == BOOLEAN:
        return Domain(BOOLEAN) if found & (TRUE | FALSE) else None
    if one.term.kind == TEXT:
        texts = frozenset(text for text in found if text is not None)
        return Domain(TEXT, texts=texts) if texts else None
    if found[0] is None:
        return None
    return Domain(one.term.kind, found[0], found[1], one.term.kind == MONEY)


def _is_reachable(one: Characteristic, domain: Domain, place: int) -> bool:
    """Whether some value of the domain falls into the bin."""
    if one.words:
        own = {word for word, at in one.words.items() if at == place}
        if domain.kind == BOOLEAN:
            return bool(own & {True, False})
        named = {word for word in one.words if word != ""}
        return bool(own & domain.texts) or ("" in own and bool(domain.texts - named))
    low, high = _span(one, domain, place)
    return bool(low <= high)


def _span(one: Characteristic, domain: Domain, place: int) -> tuple[Any, Any]:
    """The least and the largest value of the domain that fall into a bin."""
    low, high = domain.low, domain.high
    if place > 0:
        edge, included = one.edges[place - 1]
        low = max(low, edge if included and domain.holds(edge) else domain.after(edge))
    if place < len(one.edges):
        edge, included = one.edges[place]
        high = min(high, domain.before(edge) if included else _down(domain, edge))
    return low, high


def _down(domain: Domain, edge: Any) -> Any:
    """The largest value of the domain up to the edge."""
    return edge if domain.holds(edge) else domain.before(edge)


def _say_unreachable(
    part: Part, one: Characteristic, domain: Domain, when: Scalar, names: tuple[str, ...]
) -> None:
    if domain.kind in (NUMBER, MONEY):
        why = f"{_subject(one)} is {write_range(domain)}" + (
            ", whole numbers" if domain.is_whole and domain.kind == NUMBER else ""
        )
    else:
        why = f"the bins before it hold every value of {_subject(one)}"
    part.findings.say(
        when,
        "bin-unreachable",
        f"no merchant falls into this bin of {one.id}: {why}",
        "delete the bin, or move its ends into the range",
        names,
    )


def _subject(one: Characteristic) -> str:
    return f"'{' '.join(one.written.split())}'" if one.term.op != "input" else one.written


def _report_ends(
    part: Part, one: Characteristic, domain: Domain, when: Scalar, names: tuple[str, ...]
) -> None:
    """An end of a reachable bin that lies outside the range of its input."""
    if one.words or one.term.op != "input":
        return
    for literal in _literals(when.text):
        value: Any = literal.value if isinstance(literal, s.NumberLiteral) else None
        if isinstance(literal, s.Negative) and isinstance(literal.operand, s.NumberLiteral):
            value = -literal.operand.value
        if value is None:
            continue
        end = whole_fen(value) if domain.kind == MONEY else float(value)
        if end is None or domain.low <= end <= domain.high:
            continue
        part.findings.say(
            when,
            "threshold-outside-range",
            f"{write_number(end, domain.kind)} is outside the range of {one.written},"
            f" {write_range(domain)}",
            "write a value inside the range; the first and the last bin may be open",
            names,
            (literal.start, literal.end),
        )


def _literals(text: str) -> Iterator[s.Syntax]:
    for test in parse_cell(text) or ():
        match test:
            case s.CompareTest(operand=operand):
                yield operand
            case s.RangeTest(low=low, high=high):
                yield from (low, high)


def _report_same_points(part: Part, one: Characteristic, node: MappingNode) -> None:
    """All bins earn the same, so that the value decides nothing."""
    if len(set(one.points)) == 1 and len(one.points) > 1:
        part.findings.say(
            node.get("bins") or node,
            "same-points",
            f"all bins of {one.id} earn {one.points[0]:g} points, so its value never matters",
            "give the bins different points, or delete the characteristic",
            (one.id,),
        )


# --- directions ---


def _report_direction(
    part: Part,
    one: Characteristic,
    domain: Domain,
    bins: list[tuple[Scalar, Scalar]],
    reachable: list[bool],
) -> None:
    """A bin that earns more, or less, than the better, or worse, bin beside it."""
    direction = _direction_of(one.term, part.catalogue, part.domains)
    if direction is None or domain.kind == TEXT:
        return
    order = [place for place in range(len(bins)) if reachable[place]]
    if domain.kind == BOOLEAN:
        order = [one.words[False], one.words[True]]
    for before, after in itertools.pairwise(order):
        rises, falls = (
            one.points[before] < one.points[after],
            one.points[before] > one.points[after],
        )
        if not (falls if direction == UP else rises):
            continue
        when, points = bins[after]
        better = "higher" if direction == UP else "lower"
        earns = "fewer" if falls else "more"
        part.findings.say(
            points,
            "points-against-direction",
            f"'{when.text}' earns {one.points[after]:g}, {earns} than the {one.points[before]:g} of"
            f" '{bins[before][0].text}', though {better} is better for {_subject(one)}",
            "change the points, or accept the bin with its reason in accepted.yaml",
            (one.id, f"{one.id} {when.text}"),
        )


def _direction_of(term: Term, catalogue: Catalogue, domains: Mapping[str, Domain]) -> str | None:
    """The direction of an input, or of what is computed from inputs that all pull the same way;
    None where there is none, or where it cannot be told.
    """
    signs: dict[str, set[int]] = {}
    if not _collect_signs(term, 1, signs, domains):
        return None
    found: set[str | None] = set()
    for name, directions in signs.items():
        if len(directions) != 1:
            return None
        own = _declared(name, catalogue)
        found.add(own if own is None or 1 in directions else OPPOSITE[own])
    return next(iter(found)) if len(found) == 1 else None


def _declared(name: str, catalogue: Catalogue) -> str | None:
    """What the catalogue declares. Fewer hits of rules are better: each speaks against someone."""
    if name in catalogue:
        direction = catalogue[name].direction
        return direction if direction in OPPOSITE else None
    return DOWN if name.endswith("_hits") else UP if name == "score" else None


def _collect_signs(
    term: Term, sign: int, signs: dict[str, set[int]], domains: Mapping[str, Domain]
) -> bool:
    """Whether the term rises (1) or falls (-1) with each input; False where that cannot be told."""
    match term.op:
        case "input":
            signs.setdefault(term.payload, set()).add(sign)
            return True
        case "const":
            return True
        case "add" | "min" | "max" | "floor" | "ceiling" | "decimal" | "round_up" | "round_down":
            return all(_collect_signs(arg, sign, signs, domains) for arg in term.args)
        case "sub":
            first, second = term.args
            return _collect_signs(first, sign, signs, domains) and _collect_signs(
                second, -sign, signs, domains
            )
        case "neg" | "not":
            return _collect_signs(term.args[0], -sign, signs, domains)
        case "mul" | "div":
            return _collect_signs_of_product(term, sign, signs, domains)
    return False


def _collect_signs_of_product(
    term: Term, sign: int, signs: dict[str, set[int]], domains: Mapping[str, Domain]
) -> bool:
    """A factor acts in the direction of the other one's sign, where that is known."""
    program = build_program(list(term.args))
    box = {name: domains[name].known() for name, _ in program.inputs}
    found = possible(program, box)
    acts = []
    for at in program.outputs:
        low, high, _ = found[at]
        if low is None or low < 0 < high:
            return False
        acts.append(1 if low >= 0 else -1)
    first, second = term.args
    of_second = acts[0] if term.op == "mul" else -acts[0]
    return _collect_signs(first, sign * acts[1], signs, domains) and _collect_signs(
        second, sign * of_second, signs, domains
    )
