"""A product's documents come in; edits of one scalar each go out, of every document, with the words
by which a reader finds the place: an id, a name, a code, a file.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.policies.documents import Documents
from app.rules.document import node_of, plain_of

Path = tuple[str | int, ...]
NUMBER = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?![\w.]|\.\d)")
TURNED = {"<=": "<", ">=": ">", "<": "<=", ">": ">=", " and ": " or ", " or ": " and "}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "then": ("decline", "refer", "flag"),
    "unknown": ("refer", "decline"),
    "hit": ("first", "unique"),
    "type": ("number", "integer", "ratio", "money"),
    "from": ("features", "bank", "request"),
    "direction": ("higher_is_better", "lower_is_better", "none"),
    "merchant_can": ("raise", "lower", "either", "wait"),
    "merchant_may_see": ("true", "false"),
    "for": ("preapproval", "drawdown", "review"),
}


@dataclass(frozen=True)
class Place:
    """A scalar: the document that has it, where in it, and what names the place to a reader."""

    document: str
    path: Path
    text: str
    names: tuple[str, ...]


def list_places(documents: Documents) -> list[Place]:
    """Every scalar of every document."""
    return [
        Place(name, path, text, names)
        for name, plain in plain_documents(documents).items()
        for path, text, names in _scalars(plain, (), (name.split("/")[-1].split(".")[0],))
    ]


def plain_documents(documents: Documents) -> dict[str, Any]:
    """Each document as plain data, by a name."""
    return {
        "policy.yaml": plain_of(documents.policy),
        "catalogue.yaml": plain_of(documents.catalogue),
        "reasons.yaml": plain_of(documents.reasons),
        **{f"rulesets/{name}": plain_of(node) for name, node in documents.rulesets.items()},
        **{f"scorecards/{name}": plain_of(node) for name, node in documents.scorecards.items()},
    }


def _scalars(
    plain: Any, path: Path, names: tuple[str, ...]
) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    if isinstance(plain, dict):
        own = plain.get("id") or plain.get("stage")
        names = (own,) if isinstance(own, str) else names
        for key, inner in plain.items():
            here = names if path and path[0] not in ("inputs", "reasons", "notices") else (key,)
            if path and path[0] in ("inputs", "reasons", "notices") and len(path) > 1:
                here = names
            if path and path[-1] in ("let", "terms", "purposes"):
                here = (key,)
            yield from _scalars(inner, (*path, key), here if path else names)
    elif isinstance(plain, list):
        for place, inner in enumerate(plain):
            yield from _scalars(inner, (*path, place), names)
    elif isinstance(plain, str):
        yield path, plain, names


def list_edits(place: Place, known: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Texts that could stand in the scalar's place; `known`: names by the key they stand under."""
    key = next((one for one in reversed(place.path) if isinstance(one, str)), "")
    choices = CHOICES.get(key) or known.get(key)
    if choices:
        yield from (one for one in choices if one != place.text)
        return
    found = False
    for number in NUMBER.finditer(place.text):
        value = Decimal(number[0].replace("_", ""))
        for moved in (value + 1, value + Decimal("0.01"), value * 2):
            if moved != value:
                found = True
                yield f"{place.text[: number.start()]}{moved}{place.text[number.end() :]}"
    for sign, other in TURNED.items():
        if sign in place.text:
            found = True
            yield place.text.replace(sign, other, 1)
    if not found or key in ("zh", "en", "id"):
        yield f"{place.text}X"
        yield f"not({place.text})"


def apply(documents: Documents, place: Place, text: str) -> Documents:
    """The documents with that text in that place."""
    plain = copy.deepcopy(plain_documents(documents)[place.document])
    inner = plain
    for key in place.path[:-1]:
        inner = inner[key]
    inner[place.path[-1]] = text
    folder, _, file = place.document.rpartition("/")
    if folder:
        changed = {**getattr(documents, folder), file: node_of(file, plain)}
        return replace(documents, **{folder: changed})
    name = place.document.removesuffix(".yaml")
    return replace(documents, **{name: node_of(place.document, plain)})
