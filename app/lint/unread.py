"""What is declared and read by nothing: of one product its terms, outputs, assumed values and
files; of all products together the inputs of the catalogue and the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from app.lint.context import Findings, terms_of
from app.policies.accepted import ACCEPTED_FILE
from app.policies.documents import Documents
from app.policies.policy import Policy, reasons_used
from app.policies.reasons import SERVICE_CODES
from app.rules.document import AnyNode, Mapping, Scalar, Sequence
from app.rules.lexer import ExpressionError, tokenize
from app.rules.rulesets import Table

# Terms that the service reads itself, and outputs that a decision gives itself.
SERVICE_TERMS = ("day_count",)
DECISION_OUTPUTS = ("tier", "daily_rate")
WORD = re.compile(r"\w+")


def report_unread(documents: Documents, policy: Policy, folder: Path, findings: Findings) -> None:
    """What one product declares and does not read."""
    written = set(_names_written(documents))
    _report_terms(documents.policy, written, findings)
    _report_assumed(documents.policy, policy, findings)
    _report_outputs(documents, policy, written, findings)
    _report_files(documents, folder, findings)


def _names_written(documents: Documents) -> Iterator[str]:
    """Every name in every text of the product's files that reads as an expression."""
    stack: list[AnyNode] = [*documents.rulesets.values(), *documents.scorecards.values()]
    always = documents.policy.get("always") if isinstance(documents.policy, Mapping) else None
    stack += [always] if always is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, Scalar):
            try:
                yield from (token.text for token in tokenize(node.text) if token.kind == "name")
            except ExpressionError:
                continue
        elif isinstance(node, Sequence):
            stack += node.items
        else:
            stack += [v for key, v in node.items if key.text not in ("title", "outputs", "id")]


def _entries(node: AnyNode | None, *keys: str) -> Iterator[tuple[Scalar, AnyNode]]:
    """The keys and values under a path of keys."""
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    yield from node.items if isinstance(node, Mapping) else ()


def _report_terms(policy: AnyNode, written: Set[str], findings: Findings) -> None:
    for key, _ in _entries(policy, "terms"):
        if key.text not in written and key.text not in SERVICE_TERMS:
            findings.say(
                key,
                "term-unread",
                f"no expression reads the term '{key.text}'",
                "use it where its value stands as a number, or delete it",
                (key.text,),
            )


def _report_assumed(policy: AnyNode, read: Policy, findings: Findings) -> None:
    for purpose, _ in _entries(policy, "purposes"):
        for name, _ in _entries(policy, "purposes", purpose.text, "assume"):
            if name.text not in read.inputs:
                findings.say(
                    name,
                    "assume-unread",
                    f"nothing in this product reads '{name.text}', so there is nothing to assume",
                    "delete it, or name the input that is meant",
                    (name.text,),
                )


def _report_outputs(
    documents: Documents, policy: Policy, written: Set[str], findings: Findings
) -> None:
    for stage in policy.stages:
        if not isinstance(stage.checked, Table):
            continue
        root = documents.rulesets[stage.file]
        outputs = root.get("outputs") if isinstance(root, Mapping) else None
        nodes = outputs.items if isinstance(outputs, Sequence) else (outputs,)
        for node in nodes:
            if not isinstance(node, Scalar) or node.text in DECISION_OUTPUTS:
                continue
            if node.text not in _read_after(policy, stage.name) and node.text not in {
                name for statement in policy.always for name in statement.inputs()
            }:
                findings.say(
                    node,
                    "output-unread",
                    f"no later stage reads the output '{node.text}', and no decision shows it",
                    "read it in a later stage, or delete it",
                    (node.text,),
                )


def _read_after(policy: Policy, stage: str) -> set[str]:
    names = [one.name for one in policy.stages]
    later = policy.stages[names.index(stage) + 1 :]
    return {name for one in later for term in terms_of(one.checked) for name in term.inputs()}


def _report_files(documents: Documents, folder: Path, findings: Findings) -> None:
    named = {"policy.yaml", ACCEPTED_FILE, *documents.rulesets}
    stages = documents.policy.get("stages") if isinstance(documents.policy, Mapping) else None
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in named and stages is not None:
            findings.say(
                stages,
                "file-unread",
                f"no stage names the file {path.name} of this folder",
                "add its stage, or move the file away",
                (path.name,),
            )


# --- all products together ---


def read_by(policy: Policy) -> tuple[set[str], set[str]]:
    """The inputs that a policy reads, its statements too, and the reasons that it can give."""
    stated = {name for statement in policy.always for name in statement.inputs()}
    return {*policy.inputs, *stated}, reasons_used(policy)


def words_of(paths: Iterable[Path]) -> set[str]:
    """Every word in files that have problems: what one of them may read is not called unread."""
    found: set[str] = set()
    for path in paths:
        found.update(WORD.findall(path.read_text("utf-8", errors="replace")))
    return found


def report_unread_inputs(root: AnyNode, read: Set[str], findings: Findings) -> None:
    """Inputs of the catalogue that no product reads."""
    for key, node in _entries(root, "inputs"):
        if key.text in read:
            continue
        family = node.get("family") if isinstance(node, Mapping) else None
        findings.say(
            key,
            "input-unread",
            f"no policy reads the input '{key.text}'",
            "read it in a rule, delete it, or accept it in rulesets/accepted.yaml",
            (key.text,),
            family=family.text if isinstance(family, Scalar) else None,
        )


def report_unused_reasons(root: AnyNode, used: Set[str], findings: Findings) -> None:
    """Reasons that no policy gives."""
    for key, _ in _entries(root, "reasons"):
        if key.text not in used and key.text not in SERVICE_CODES:
            findings.say(
                key,
                "reason-unused",
                f"no policy gives the reason '{key.text}'",
                "give it in a rule, or delete it",
                (key.text,),
            )
