"""The standard's own suite, every case of every model that is at hand, as JSON gives it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import parse

from app.dmn.model import Model
from app.dmn.output import to_json
from app.dmn.values import from_json

FOLDER = Path(__file__).parents[3] / "shared/conformance/dmn-tck"
SPACE = "{http://www.omg.org/spec/DMN/20160719/testcase}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}"
FILES = sorted(FOLDER.glob("compliance-level-*/*/*-test-*.xml"))


def value_of(element: Element) -> Any:
    for child in element:
        name = child.tag.removeprefix(SPACE)
        if name == "value":
            if child.get(TYPE + "nil") == "true":
                return None
            kind, text = child.get(TYPE + "type", "").split(":")[-1], child.text or ""
            if kind in ("decimal", "double", "integer"):
                return Decimal(text)
            return text == "true" if kind == "boolean" else text
        if name == "list":
            items = [e for e in child if e.tag == SPACE + "item"]
            return [value_of(item) for item in items]
        if name == "component":
            parts = [e for e in element if e.tag == SPACE + "component"]
            return {e.get("name"): value_of(e) for e in parts}
    return None


def same(got: Any, wanted: Any) -> bool:
    if isinstance(got, Decimal) and isinstance(wanted, Decimal):
        return abs(got - wanted) <= Decimal("1e-8") * max(1, abs(wanted))
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(got, dict) and isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(same(got[k], wanted[k]) for k in got)
    return type(got) is type(wanted) and bool(got == wanted)


@pytest.mark.skipif(not FILES, reason=f"the conformance suite is not at {FOLDER}")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_case_of_the_suite(path: Path) -> None:
    root = parse(path).getroot()
    model = Model(path.parent / (root.findtext(SPACE + "modelName") or "").strip())
    checked = 0
    for case in root.iter(SPACE + "testCase"):
        given = {e.get("name"): value_of(e) for e in case if e.tag == SPACE + "inputNode"}
        service = case.get("invocableName")
        for node in (e for e in case if e.tag == SPACE + "resultNode"):
            wanted = value_of(next(node.iter(SPACE + "expected")))
            got = to_json(model.run(from_json(given), service or node.get("name")))
            assert same(got, wanted), (case.get("id"), node.get("name"), got, wanted)
            checked += 1
    assert checked
