"""Every key that a reader asks for is in its schema, and every key of a schema is asked for.

The readers are watched while they read all files that are accepted: `Fields` notes what it was
asked for, and where in the document.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from app.exchange.schemas.kinds import schema_of
from app.features.holidays import load_calendar
from app.policies.accepted import read_accepted
from app.policies.always import DIRECTIONS
from app.policies.documents import list_products
from app.policies.examine import examine
from app.rules.document import AnyNode, Mapping, Sequence, load_yaml, plain_of
from app.rules.fields import Fields
from app.rules.reading import read_ruleset
from app.scoring.scorecard import read_scorecard
from app.waybills.cleaning import _Reader
from tests.exchange.schema_files import ROOTS, kind_of
from tests.rejected.readers import base_scope

WATCHED: list[Fields] = []
# Files with everything that may be left out, so that each reader is asked for each of its keys.
FORMULA = """
kind: formula
title: {zh: 额, en: Limit}
limit: turnover
minimum: {amount: 1, then: decline, reason: SHORT_HISTORY}
"""
TABLE = """
kind: table
hit: first
inputs: [cod_months, {name: half, is: cod_months / 2}]
outputs: [tier]
rows:
  - {cod_months: ">= 1", half: ">= 2", tier: A}
otherwise: {tier: E}
"""
SURVIVOR = "survivors: [{mutant: x, why: y}]"
CARD = """
scorecard: loan
dimensions: {one: 1}
characteristics:
  - {id: a, dimension: one, value: cod_months / 2, reason: SHORT_HISTORY, missing: 0,
     bins: [{when: "< 6", points: 0}, {when: ">= 6", points: 1}]}
"""


@pytest.fixture(scope="module")
def asked(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, dict[int, tuple[dict[str, Any], set[str]]]]:
    """By kind: each object of the schema that a reader met, with the keys that were asked for."""
    met: dict[str, dict[int, tuple[dict[str, Any], set[str]]]] = defaultdict(dict)
    schemas = {}
    with pytest.MonkeyPatch.context() as patch:
        _watch(patch)
        _read_all(tmp_path_factory.mktemp("read"))
    for fields in WATCHED:
        node = fields.node
        if not isinstance(node, Mapping) or not node.source.text:
            continue
        data, places = _places(node.source.file, node.source.text)
        where = places.get((node.start, node.end, type(node)))
        kind = kind_of(Path(node.source.file), node.source.text)
        schema = schemas.setdefault(kind, schema_of(kind))
        there = _at(schema, data, where)
        if there is not None:
            known = met[kind].setdefault(id(there), (there, set()))[1]
            known |= fields._asked - getattr(fields, "_left", set())
    WATCHED.clear()
    return met


def _watch(patch: pytest.MonkeyPatch) -> None:
    made, rest = Fields.__init__, Fields.rest

    def note(self: Fields, node: AnyNode, *more: Any) -> None:
        made(self, node, *more)
        WATCHED.append(self)

    def note_rest(self: Fields) -> Any:
        left = rest(self)
        self.__dict__["_left"] = {key.text for key, _ in left}
        return left

    patch.setattr(Fields, "__init__", note)
    patch.setattr(Fields, "rest", note_rest)


def _read_all(folder: Path) -> None:
    for root in ROOTS.values():
        rulesets, scorecards = root / "rulesets", root / "scorecards"
        for product in list_products(rulesets):
            assert examine(product, rulesets, scorecards).problems == ()
        read_accepted(rulesets, rulesets.parent, [])
    (folder / "accepted.yaml").write_text(SURVIVOR, "utf-8")
    read_accepted(folder, folder, [])
    load_calendar(ROOTS["shipped"] / "rulesets/calendar.yaml")
    problems: list[Any] = []
    for name, text in (("limit.yaml", FORMULA), ("tiering.yaml", TABLE)):
        read_ruleset(load_yaml(name, text), name, base_scope(), problems)
    read_scorecard(load_yaml("scorecards/loan.yaml", CARD), base_scope(), problems)
    assert problems == []


@cache
def _places(file: str, text: str) -> tuple[Any, dict[Any, tuple[Any, ...]]]:
    """A document as plain data, and where in it each of its nodes stands."""
    root = load_yaml(file, text)
    found: dict[Any, tuple[Any, ...]] = {}

    def note(node: AnyNode, path: tuple[Any, ...]) -> None:
        found[node.start, node.end, type(node)] = path
        if isinstance(node, Mapping):
            for key, value in node.items:
                note(value, (*path, key.text))
        elif isinstance(node, Sequence):
            for place, value in enumerate(node.items):
                note(value, (*path, place))

    note(root, ())
    return plain_of(root), found


def _at(schema: dict[str, Any], data: Any, path: tuple[Any, ...] | None) -> dict[str, Any] | None:
    """The object of the schema that speaks of a place of the data."""
    if path is None:
        return None
    for key in path:
        schema = _fitting(schema, data)
        data = data[key]
        if isinstance(key, int):
            schema = schema["items"]
        else:
            schema = schema.get("properties", {}).get(key) or schema["additionalProperties"]
    return _fitting(schema, data)


def _fitting(schema: dict[str, Any], data: Any) -> dict[str, Any]:
    ways = schema.get("anyOf", [])
    found = next((way for way in ways if jsonschema_rs.is_valid(way, data)), schema)
    return _fitting(found, data) if "anyOf" in found and found is not schema else found


KINDS = ("policy", "rules", "table", "formula", "scorecard", "catalogue", "reasons", "cases")
KINDS += ("accepted", "calendar")


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_readers_and_schemas_are_the_same(asked: Any, kind: str) -> None:
    for schema, known in asked[kind].values():
        listed = set(schema.get("properties", {}))
        if schema.get("additionalProperties") is not False:
            known = known & listed  # names of the analyst's own
        elif "input" in listed or "unknown" in listed:
            known = known - {"that"}  # asked to tell one form of a statement from another
        assert known == listed


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_of_a_schema_was_met(asked: Any, kind: str) -> None:
    """So that the comparison above leaves nothing out."""
    met = {str(sorted(schema.get("properties", {}))) for schema, _ in asked[kind].values()}
    wanted = {
        str(sorted(one["properties"]))
        for one in _objects(schema_of(kind))
        if one.get("additionalProperties") is False
    }
    purposes = str(["drawdown", "preapproval", "review"])  # read as names
    others = {str(sorted((one, "for", "input", "where"))) for one in DIRECTIONS}  # read as one
    assert wanted - {purposes} - others <= met


def _objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for one in schema for found in _objects(one)]
    if not isinstance(schema, dict):
        return []
    below = [found for key, one in schema.items() if key != "enum" for found in _objects(one)]
    return [schema, *below] if "properties" in schema and "type" in schema else below


def test_keys_of_the_cleaning_reader() -> None:
    source = schema_of("cleaning")["properties"]["sources"]["additionalProperties"]
    assert set(source["properties"]) == {"title", *_Reader("cleaning.yaml").keys}
