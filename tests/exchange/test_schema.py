"""Schemas accept what the reader accepts, and refuse what is structurally wrong."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from app.exchange.schema import BUILDERS, schema_of
from app.settings import PROJECT_FOLDER
from tests.rejected.readers import BASE, FOLDER

STRUCTURAL = ("unknown-key", "key-missing", "wrong-kind", "key-empty", "keys-expected")
ROOMS = {"scorecards": "scorecard", "catalogues": "catalogue", "reasons": "reasons"}
ROOMS |= {"policies": "policy", "cases": "cases", "accepted": "accepted"}


def kind_of(path: Path) -> str:
    if path.parent.name != "cases" and path.stem in BUILDERS:
        return path.stem
    if path.parent.name in ("cases", "scorecards"):
        return path.parent.name.removesuffix("s") if path.parent.name == "scorecards" else "cases"
    return str(yaml.safe_load(path.read_text("utf-8"))["kind"])


def files() -> list[Path]:
    roots = (PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards", BASE)
    found = [path for root in roots for path in root.rglob("*.yaml")]
    return [path for path in found if path.name != "calendar.yaml" and "warnings" not in path.parts]


@pytest.mark.parametrize("path", files(), ids=str)
def test_what_is_accepted_fits_its_schema(path: Path) -> None:
    plain = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    typed = yaml.safe_load(path.read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema_of(kind_of(path)))
    for data in (plain, typed) if "null" not in path.read_text("utf-8") else (typed,):
        assert [error.message for error in validator.iter_errors(data)] == []


def broken() -> list[Path]:
    found = [p for room in ROOMS for p in (FOLDER / room).glob("*.yaml")]
    return [p for p in found if p.stem.split("--")[0] in STRUCTURAL]


@pytest.mark.parametrize("path", broken(), ids=str)
def test_what_is_structurally_wrong_is_refused(path: Path) -> None:
    validator = jsonschema_rs.validator_for(schema_of(ROOMS[path.parent.name]))
    assert not validator.is_valid(yaml.safe_load(path.read_text("utf-8")))
