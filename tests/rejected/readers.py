"""Broken files come in, what the checker says of them goes out, as an analyst would read it.

Each folder beside this module has broken files of one kind, each with one mistake; its name begins
with the code of its one problem (`code.yaml` or `code--which.yaml`), and the `.txt` of the same
name has the expected text. `base/` is a small product without any mistake, in which they are read;
those of `lint/` are read in `base_of_lint/`, in the place of the file that their first line names.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from app.lint.lint import lint_policy, lint_shared
from app.policies.accepted import read_accepted
from app.policies.cases import load_cases
from app.policies.documents import read_documents, read_file
from app.policies.examine import examine
from app.policies.policy import read_policy
from app.policies.reasons import read_reasons
from app.rules.catalogue import read_catalogue
from app.rules.document import AnyNode
from app.rules.expression import compile_expression
from app.rules.problems import Problem, ProblemsFound
from app.rules.reading import read_ruleset
from app.rules.scope import Scope
from app.rules.terms import Term
from app.rules.types import NUMBER, Type
from app.scoring.scorecard import read_scorecard

FOLDER = Path(__file__).parent
BASE = FOLDER / "base"
BASE_OF_LINT = FOLDER / "base_of_lint"  # complete: nothing in it is unread
# Files that are too large, or no text at all, are written when they are read.
GENERATED = {
    "expressions/too-long.feel": b"growth > 1 " + b"or growth > 1 " * 800,
    "expressions/too-wide.feel": b"growth in (" + b"1, " * 1_000 + b"1)",
    "files/not-utf8.yaml": "title: 准入\n".encode("gbk"),
    "files/too-large.yaml": b"a: 1\n" * 400_001,
    "files/too-large--bytes.yaml": b"# " + b"x" * 8_000_000,
}


def list_broken() -> list[str]:
    """The broken files, as `folder/name`."""
    there = [
        f"{path.parent.name}/{path.name}"
        for path in FOLDER.glob("*/*")
        if path.suffix in (".yaml", ".feel") and path.parent.name not in ("base", "__pycache__")
    ]
    return sorted([*there, *GENERATED])


def expected_path(name: str) -> Path:
    """Where the expected text of a broken file stands."""
    return FOLDER / Path(name).with_suffix(".txt")


def problems_of(name: str) -> list[Problem]:
    """What the checker says of one broken file."""
    content = GENERATED.get(name) or (FOLDER / name).read_bytes()
    kind, file = name.split("/")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            return _READERS[kind](root, file, content)
        except ProblemsFound as found:
            return list(found.problems)


@cache
def base_scope() -> Scope:
    """What a ruleset of the base product may name."""
    problems: list[Problem] = []
    rulesets = BASE / "rulesets"
    inputs = read_catalogue(_node(rulesets / "catalogue.yaml", problems), problems)
    reasons = read_reasons(_node(rulesets / "reasons.yaml", problems), problems)
    assert problems == []
    types = {name: one.type for name, one in inputs.items()} | {"cap": Type("number")}
    cap = Term("const", NUMBER, (), 500_000.0)
    return Scope(types, {"cap": cap}, frozenset(reasons))


def _node(path: Path, problems: list[Problem]) -> AnyNode:
    node = read_file(path, path.parent, problems)
    if node is None:
        raise ProblemsFound(problems)
    return node


def _read_expression(root: Path, file: str, content: bytes) -> list[Problem]:
    compile_expression(content.decode().rstrip("\n"), base_scope().types, file)
    return []


def _read_strictly(root: Path, file: str, content: bytes) -> list[Problem]:
    (root / file).write_bytes(content)
    problems: list[Problem] = []
    _node(root / file, problems)
    return problems


def _read_ruleset(root: Path, file: str, content: bytes) -> list[Problem]:
    (root / file).write_bytes(content)
    problems: list[Problem] = []
    read_ruleset(_node(root / file, problems), "admission", base_scope(), problems)
    return problems


def _read_scorecard(root: Path, file: str, content: bytes) -> list[Problem]:
    (root / file).write_bytes(content)
    problems: list[Problem] = []
    read_scorecard(_node(root / file, problems), base_scope(), problems)
    return problems


def _read_catalogue(root: Path, file: str, content: bytes) -> list[Problem]:
    (root / file).write_bytes(content)
    problems: list[Problem] = []
    read_catalogue(_node(root / file, problems), problems)
    return problems


def _read_reasons(root: Path, file: str, content: bytes) -> list[Problem]:
    (root / file).write_bytes(content)
    problems: list[Problem] = []
    read_reasons(_node(root / file, problems), problems)
    return problems


def _read_policy(root: Path, file: str, content: bytes) -> list[Problem]:
    """The whole product, with the broken file as its policy."""
    shutil.copytree(BASE, root, dirs_exist_ok=True)
    (root / "rulesets" / "loan" / "policy.yaml").write_bytes(content)
    documents, problems = read_documents("loan", root / "rulesets", root / "scorecards")
    if documents is not None:
        problems += read_policy(documents)[1]
    return problems


def _read_cases(root: Path, file: str, content: bytes) -> list[Problem]:
    (root / file).write_bytes(content)
    problems: list[Problem] = []
    inputs = read_catalogue(_node(BASE / "rulesets" / "catalogue.yaml", problems), problems)
    load_cases(root, root, inputs, ["cod_months", "is_listed", "turnover"])
    return problems


def _read_accepted(root: Path, file: str, content: bytes) -> list[Problem]:
    (root / "accepted.yaml").write_bytes(content)
    problems: list[Problem] = []
    read_accepted(root, root, problems)
    return problems


def _lint(root: Path, file: str, content: bytes) -> list[Problem]:
    """The whole product that is there for lint, with the broken file in the place of the one that
    its first line names; what is found in it, and no problem.
    """
    shutil.copytree(BASE_OF_LINT, root, dirs_exist_ok=True)
    replaced = content.decode().partition("\n")[0].removeprefix("# ")
    (root / replaced).write_bytes(content)
    looked = examine("loan", root / "rulesets", root / "scorecards")
    shared = lint_shared([looked], root / "rulesets", root / "scorecards")
    return sorted({*looked.problems, *shared.problems, *lint_policy(looked), *shared.warnings})


_READERS = {
    "expressions": _read_expression,
    "files": _read_strictly,
    "rulesets": _read_ruleset,
    "scorecards": _read_scorecard,
    "catalogues": _read_catalogue,
    "reasons": _read_reasons,
    "policies": _read_policy,
    "cases": _read_cases,
    "accepted": _read_accepted,
    "lint": _lint,
}
