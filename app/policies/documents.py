"""Where a policy's documents come from: the folders that analysts edit, or a release. Both give the
same `Documents`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from app.errors import ChengxinError
from app.policies.reasons import LATER_CODES
from app.rules.document import AnyNode, Scalar, load_yaml, node_of, plain_of
from app.rules.document import Mapping as MappingNode
from app.rules.document import Sequence as SequenceNode
from app.rules.problems import Place, Problem, ProblemsFound, suggest

BUNDLE_FORMAT = "1"
LARGEST_FILE_BYTES = 8_000_000


class UnknownProduct(ChengxinError):
    """There is no folder of that product."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents that a policy consists of. Rulesets and scorecards by file name, as the policy
    names them.
    """

    product: str
    policy: AnyNode
    rulesets: Mapping[str, AnyNode]
    scorecards: Mapping[str, AnyNode]
    catalogue: AnyNode
    reasons: AnyNode


def list_products(rulesets: Path) -> list[str]:
    """The folders that hold a policy."""
    return sorted(path.parent.name for path in rulesets.glob("*/policy.yaml"))


def load_documents(product: str, rulesets: Path, scorecards: Path) -> Documents:
    """`read_documents`, with ProblemsFound raised where there is any problem."""
    documents, problems = read_documents(product, rulesets, scorecards)
    if problems or documents is None:
        raise ProblemsFound(problems)
    return documents


def read_documents(
    product: str, rulesets: Path, scorecards: Path
) -> tuple[Documents | None, list[Problem]]:
    """Read a product's files, as many as can be read; the problems are all that is not strict
    YAML or not there. Raises UnknownProduct.
    """
    folder = rulesets / product
    if not (folder / "policy.yaml").is_file():
        known = list_products(rulesets)
        hint = suggest(product, known) or f"products are {', '.join(known) or '(none)'}"
        raise UnknownProduct(
            f"{folder} has no policy.yaml, so there is no product '{product}'; {hint}"
        )
    problems: list[Problem] = []
    policy = read_file(folder / "policy.yaml", rulesets.parent, problems)
    catalogue = read_file(rulesets / "catalogue.yaml", rulesets.parent, problems)
    reasons = read_file(rulesets / "reasons.yaml", rulesets.parent, problems)
    found: dict[str, dict[str, AnyNode]] = {"ruleset": {}, "scorecard": {}}
    for key, name in _named_files(policy) if policy is not None else ():
        base, root = (
            (folder, rulesets.parent) if key == "ruleset" else (scorecards, scorecards.parent)
        )
        if name.text in found[key]:
            continue
        if "/" in name.text or not (base / name.text).is_file():
            there = sorted(path.name for path in base.glob("*.yaml") if path.name != "policy.yaml")
            problems.append(
                name.problem(
                    "no-file",
                    f"there is no file {name.text} in {base.name}/",
                    suggest(name.text, there),
                    max(1, len(name.text)),
                )
            )
            continue
        document = read_file(base / name.text, root, problems)
        if document is not None:
            found[key][name.text] = document
    if policy is None or catalogue is None or reasons is None:
        return None, problems
    documents = Documents(product, policy, found["ruleset"], found["scorecard"], catalogue, reasons)
    return documents, problems


def read_file(path: Path, base: Path, problems: list[Problem]) -> AnyNode | None:
    """A YAML file as a document whose places are shown relative to `base`."""
    shown = str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            problems.append(
                Problem(
                    Place(shown, 1, 1),
                    "too-large",
                    f"the file has more than {LARGEST_FILE_BYTES:,} bytes",
                )
            )
            return None
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problems.append(
            Problem(Place(shown, 1, 1), "no-file", f"the file cannot be read: {error.strerror}")
        )
        return None
    except UnicodeDecodeError as error:
        problems.append(
            Problem(
                Place(shown, 1, 1),
                "not-utf8",
                f"byte {error.start} is not UTF-8",
                "save the file as UTF-8",
            )
        )
        return None
    try:
        return load_yaml(shown, text)
    except ProblemsFound as found:
        problems.extend(found.problems)
        return None


def _named_files(policy: AnyNode) -> Iterable[tuple[str, Scalar]]:
    """(ruleset or scorecard, file name) of every stage; what is malformed is reported when the
    policy is checked.
    """
    stages = policy.get("stages") if isinstance(policy, MappingNode) else None
    for stage in stages.items if isinstance(stages, SequenceNode) else ():
        for key in ("ruleset", "scorecard"):
            name = stage.get(key) if isinstance(stage, MappingNode) else None
            if isinstance(name, Scalar) and not name.is_null:
                yield key, name


# --- releases ---


def bundle_of(
    documents: Documents, inputs: Iterable[str], reasons: Iterable[str]
) -> dict[str, Any]:
    """Everything that a release freezes, as JSON data: the documents, and the inputs and reasons
    that they use.
    """

    def part(root: AnyNode, key: str, names: Iterable[str]) -> dict[str, Any]:
        whole = plain_of(root)[key]
        return {key: {name: whole[name] for name in sorted(set(names)) if name in whole}}

    return {
        "format": BUNDLE_FORMAT,
        "product": documents.product,
        "policy": plain_of(documents.policy),
        "rulesets": {name: _freeze(plain_of(node)) for name, node in documents.rulesets.items()},
        "scorecards": {name: plain_of(node) for name, node in documents.scorecards.items()},
        "catalogue": part(documents.catalogue, "inputs", inputs),
        "reasons": part(documents.reasons, "reasons", reasons) | _notices(documents.reasons),
    }


def _notices(reasons: AnyNode) -> dict[str, Any]:
    """The texts for merchants that belong to no single reason; a release has them as they were."""
    plain = plain_of(reasons)
    return {"notices": plain["notices"]} if "notices" in plain else {}


def canonical_json(bundle: Mapping[str, Any]) -> str:
    """RFC 8785: the same bundle gives the same text, byte for byte."""
    return rfc8785.dumps(dict(bundle)).decode()


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def documents_of(bundle: Mapping[str, Any]) -> Documents:
    """The documents of a release. One of an earlier version gets the texts of the service's later
    reasons.
    """
    product = bundle["product"]
    reasons = {**bundle["reasons"], "reasons": {**LATER_CODES, **bundle["reasons"]["reasons"]}}
    return Documents(
        product,
        node_of(f"{product}/policy.yaml", bundle["policy"]),
        {
            name: node_of(f"{product}/{name}", _thaw(plain))
            for name, plain in bundle["rulesets"].items()
        },
        {
            name: node_of(f"scorecards/{name}", plain)
            for name, plain in bundle["scorecards"].items()
        },
        node_of("catalogue.yaml", bundle["catalogue"]),
        node_of("reasons.yaml", reasons),
    )


def _freeze(ruleset: dict[str, Any]) -> dict[str, Any]:
    """Canonical JSON sorts keys; the order of `let` values has a meaning, so they become a list of
    pairs.
    """
    if isinstance(ruleset.get("let"), dict):
        return {**ruleset, "let": [[name, value] for name, value in ruleset["let"].items()]}
    return ruleset


def _thaw(ruleset: dict[str, Any]) -> dict[str, Any]:
    return {**ruleset, "let": dict(ruleset["let"])} if "let" in ruleset else ruleset
