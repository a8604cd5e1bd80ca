"""All kinds of files by name, each with its schema."""

from __future__ import annotations

from collections.abc import Callable

from app.exchange.schemas import products, reference, rulesets, shared
from app.exchange.schemas.names import Names
from app.exchange.schemas.parts import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BUILDERS: dict[str, Callable[[Names | None], Schema]] = {
    "policy": products.policy,
    "ruleset": rulesets.ruleset,
    "rules": rulesets.rules,
    "table": rulesets.table,
    "formula": rulesets.formula,
    "scorecard": rulesets.scorecard,
    "cases": products.cases,
    "accepted": products.accepted,
    "catalogue": shared.catalogue,
    "reasons": shared.reasons,
    "cleaning": shared.cleaning,
    "calendar": shared.calendar,
    "tariffs": reference.tariffs,
    "expectations": reference.expectations,
}


def schema_of(kind: str, names: Names | None = None) -> Schema:
    """The schema of a kind of file, a key of BUILDERS; with the names of a product, those are
    offered and unknown ones refused.
    """
    return {"$schema": DIALECT, "title": f"chengxin {kind}", **BUILDERS[kind](names)}
