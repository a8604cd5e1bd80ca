"""A scorecard's document comes in; its mutants go out.

An edge between two bins is moved in both, and where the best points of a dimension change, the
dimension changes with them: else each such mutant would be refused instead of tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.rules.document import AnyNode
from app.rules.lexer import tokenize
from app.scoring.scorecard import Characteristic, Scorecard
from app.trials.made import Made, put_text, swap_reason
from app.trials.measures import Measures
from app.trials.steps import Measure, beside, measure_of, read_literal, write
from app.trials.trees import Path, items_of, put, text_at

TURNED_END = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "[": "(", "(": "[", "]": ")", ")": "]"}


def mutate_scorecard(
    root: AnyNode, card: Scorecard, measures: Measures, codes: tuple[str, ...]
) -> Iterator[Made]:
    """Every edge, every bin's points and the points of missing, every reason, and every
    characteristic left out.
    """
    for place, one in enumerate(card.characteristics):
        at: Path = ("characteristics", place)
        if text_at(root, *at, "input"):
            measure = measures.named(one.written)
        else:
            measure = measure_of(one.term.kind)
        if one.edges:
            yield from _edges(root, one, at, measure)
        for bin_place, label in enumerate(one.labels):
            path = (*at, "bins", bin_place, "points")
            yield from _points(root, card, one, path, f"points of {label}", one.points[bin_place])
        if not all(name.endswith(("_hits", "_outcome")) for name in one.term.inputs()):
            yield from _points(root, card, one, (*at, "missing"), "missing", one.missing)
        yield from swap_reason(root, one.id, (*at, "reason"), codes)
        if len(card.characteristics) > 1:
            left = _with_best(put(root, at, None), card, one, 0)
            yield Made(one.id, "left out", at, left)


def _edges(root: AnyNode, one: Characteristic, at: Path, measure: Measure) -> Iterator[Made]:
    """Each edge between two bins: moved both ways, and given to the other bin."""
    bins = items_of(root, *at, "bins")
    texts = [text_at(each, "when") or "" for each in bins]
    for place in range(len(texts) - 1):
        end, start = _upper(texts[place]), _lower(texts[place + 1])
        if end is None or start is None:
            continue
        paths: list[Path] = [(*at, "bins", place + n, "when") for n in (0, 1)]
        edge = texts[place][end[0] : end[1]]
        changed = [
            (
                f"edge {edge} → {new}",
                _cut(texts[place], end, new),
                _cut(texts[place + 1], start, new),
            )
            for new in beside(edge, measure)
        ]
        turned = _turn(texts[place], last=True), _turn(texts[place + 1], last=False)
        if None not in turned:
            changed.append((f"edge {edge} in the other bin", turned[0] or "", turned[1] or ""))
        for words, below, above in changed:
            whole = put(put(root, paths[0], below), paths[1], above)
            yield Made(one.id, words, paths[0], whole)


def _numbers(text: str) -> list[tuple[int, int]]:
    """The spans of the numbers of a bin, with their signs."""
    tokens = tokenize(text)
    spans = []
    for place, token in enumerate(tokens):
        if token.kind == "number":
            signed = place > 0 and tokens[place - 1].text == "-"
            spans.append((tokens[place - 1].start if signed else token.start, token.end))
    return spans


def _upper(text: str) -> tuple[int, int] | None:
    spans = _numbers(text)
    return spans[-1] if spans and (len(spans) == 2 or text.lstrip().startswith("<")) else None


def _lower(text: str) -> tuple[int, int] | None:
    spans = _numbers(text)
    return spans[0] if spans and (len(spans) == 2 or text.lstrip().startswith(">")) else None


def _cut(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


def _turn(text: str, last: bool) -> str | None:
    """The bin with its upper (or lower) edge taken in or left out."""
    tokens = [token for token in tokenize(text) if token.kind == "sign" and token.text != "-"]
    if not tokens:
        return None
    token = tokens[-1] if last else tokens[0]
    new = TURNED_END.get(token.text)
    return None if new is None else text[: token.start] + new + text[token.end :]


def _points(
    root: AnyNode, card: Scorecard, one: Characteristic, path: Path, what: str, now: float
) -> Iterator[Made]:
    written = text_at(root, *path) or "0"
    exponent = read_literal(written).as_tuple().exponent
    step = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    for moved in (read_literal(written) + step, read_literal(written) - step):
        new = write(moved, False)
        made = put_text(root, one.id, path, new, what)
        others = [*one.points, one.missing]
        others.remove(now)
        best = max(*others, float(moved)) if others else float(moved)
        yield Made(made.item, made.words, path, _with_best(made.root, card, one, best))


def _with_best(root: AnyNode, card: Scorecard, one: Characteristic, best: float) -> AnyNode:
    """The document with the dimension's total as it is when the characteristic's best points are
    these.
    """
    if best == one.best:
        return root
    total = Decimal(str(card.dimensions[one.dimension])) + Decimal(str(best - one.best))
    return put(root, ("dimensions", one.dimension), write(total, False))
