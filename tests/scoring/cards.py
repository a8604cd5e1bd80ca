"""Texts of characteristics → a scorecard made ready, and what it says of merchants in both ways."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from app.rules.document import load_yaml
from app.rules.problems import ProblemsFound
from app.rules.scope import Scope
from app.rules.stages import StageResult
from app.rules.types import Type
from app.rules.vector import Column, column_of, values_of
from app.scoring.compiled import CompiledScorecard
from app.scoring.scorecard import read_scorecard

TYPES = {
    "months": Type("integer"),
    "flow": Type("money"),
    "share": Type("ratio", None, Decimal(0), Decimal(1)),
    "grade": Type("category", ("A", "B", "C")),
    "city": Type("text"),
    "listed": Type("boolean"),
    "hits": Type("integer"),  # given by an earlier stage
}
DATA = frozenset(TYPES) - {"hits"}


def card_of(*characteristics: str, best: float) -> CompiledScorecard:
    """A card of one dimension `d` with `best` points; raises ProblemsFound."""
    lines = [f"scorecard: c\ndimensions: {{d: {best}}}\ncharacteristics:"]
    lines += [f"  - {{dimension: d, {one}}}" for one in characteristics]
    problems: list[Any] = []
    scope = Scope(TYPES)
    card = read_scorecard(load_yaml("card.yaml", "\n".join(lines)), scope, problems)
    if problems or card is None:
        raise ProblemsFound(problems)
    return CompiledScorecard(card, "scorecard", DATA)


def one(subject: str, *bins: tuple[str, float], missing: float = 0, name: str = "c") -> str:
    """The text of a characteristic; its reason is its name in capitals."""
    written = ", ".join(f"{{when: '{when}', points: {points}}}" for when, points in bins)
    return f"id: {name}, reason: {name.upper()}, {subject}, missing: {missing}, bins: [{written}]"


def judge_alone(card: CompiledScorecard, **values: Any) -> StageResult:
    """One merchant; inputs that are not given are missing."""
    return card.judge({**dict.fromkeys(TYPES), **values})


def columns_of(rows: Sequence[dict[str, Any]]) -> dict[str, Column]:
    """Merchants as columns; inputs that are not given are missing."""
    return {name: column_of(of.kind, [row.get(name) for row in rows]) for name, of in TYPES.items()}


def judge_together(
    card: CompiledScorecard, rows: Sequence[dict[str, Any]], most: int = 4
) -> tuple[list[float | None], list[list[str]]]:
    """Scores and reasons of many merchants, as columns."""
    stage, bins = card.judge_columns(columns_of(rows), len(rows))
    places = np.array(card.reason_columns(bins, most)).reshape(-1, len(rows)).T
    codes = [[card.reason_codes[c] for c in row if c >= 0] for row in places.tolist()]
    return values_of(stage.gives["score"], len(rows)), codes
