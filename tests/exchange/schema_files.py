"""The files that schemas are tried on, as an editor reads them, and what our own readers say."""

from __future__ import annotations

import datetime
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.errors import ChengxinError
from app.exchange.schemas.kinds import BUILDERS
from app.features.holidays import load_calendar
from app.policies.accepted import read_accepted
from app.policies.examine import examine
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER
from app.waybills.cleaning import load_cleaning
from tests.rejected.readers import BASE, BASE_OF_LINT, FOLDER

ROOTS = {"shipped": PROJECT_FOLDER, "base": BASE, "lint": BASE_OF_LINT}
SHARED = (
    *("catalogue", "reasons", "cleaning", "calendar", "policy", "accepted"),
    *("tariffs", "expectations"),
)


class _Core(yaml.SafeLoader):
    """YAML 1.2 as the language server reads it: `500_000`, `no` and dates are texts."""


_Core.yaml_implicit_resolvers = {
    sign: [
        (tag, pattern)
        for tag, pattern in found
        if not tag.endswith(("timestamp", "value", "merge"))
    ]
    for sign, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_editors_read(text: str) -> list[Any]:
    """The document in the eyes of YAML 1.1 and of YAML 1.2, keys as texts."""
    return [_plain(yaml.load(text, Loader=loader)) for loader in (yaml.SafeLoader, _Core)]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, datetime.date) else value


def kind_of(path: Path, text: str | None = None) -> str:
    """The kind of a file from where it stands."""
    if path.parent.name == "cases":
        return "cases"
    if path.parent.name == "scorecards":
        return "scorecard"
    if path.stem in SHARED:
        return path.stem
    found = yaml.safe_load(text if text is not None else path.read_text("utf-8"))
    kind = found.get("kind") if isinstance(found, dict) else None
    return str(kind) if kind in BUILDERS else "ruleset"


def files(name: str) -> list[Path]:
    """The files of a root, of which each must be accepted."""
    root = ROOTS[name]
    found = [path for room in ("rulesets", "scorecards") for path in (root / room).rglob("*.yaml")]
    return sorted(path for path in found if "warnings" not in path.parts)


def broken(*codes: str) -> list[Path]:
    """The files of tests/rejected with these codes, but for those that are no YAML of a kind."""
    rooms = [room for room in FOLDER.iterdir() if room.name in KINDS]
    found = [path for room in rooms for path in room.glob("*.yaml")]
    return sorted(path for path in found if path.stem.split("--")[0] in codes)


KINDS = {
    "accepted": "accepted",
    "cases": "cases",
    "catalogues": "catalogue",
    "policies": "policy",
    "reasons": "reasons",
    "rulesets": "ruleset",
    "scorecards": "scorecard",
}


@cache
def _copy(name: str, folder: Path) -> Path:
    for room in ("rulesets", "scorecards"):
        shutil.copytree(ROOTS[name] / room, folder / room, dirs_exist_ok=True)
    return folder


def codes_of(name: str, path: Path, text: str, folder: Path) -> set[str]:
    """The codes that `policy check` (or the file's own reader) gives with this text in the place of
    a file; `folder` is a scratch folder.
    """
    copy = _copy(name, folder)
    there = copy / path.relative_to(ROOTS[name])
    there.write_text(text, "utf-8")
    try:
        return _codes(copy, there)
    finally:
        there.write_bytes(path.read_bytes())


def _codes(copy: Path, there: Path) -> set[str]:
    rulesets, scorecards = copy / "rulesets", copy / "scorecards"
    try:
        if there.name == "cleaning.yaml":
            load_cleaning(there)
        elif there.name == "calendar.yaml":
            load_calendar(there)
        elif there == rulesets / "accepted.yaml":
            problems: list[Any] = []
            read_accepted(rulesets, copy, problems)
            return {one.code for one in problems}
        else:
            product = there.relative_to(rulesets).parts[0] if "rulesets" in there.parts else ""
            if not (rulesets / product / "policy.yaml").is_file() or product.endswith(".yaml"):
                product = sorted(rulesets.glob("*/policy.yaml"))[-1].parent.name
            looked = examine(product, rulesets, scorecards)
            return {one.code for one in looked.problems}
    except ProblemsFound as found:
        return {one.code for one in found.problems}
    except ChengxinError:
        return {"refused"}
    return set()
