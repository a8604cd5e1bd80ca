"""A small product written into a folder, with the rules, the table, the formula or the scorecard of
a test; what lint says of it comes out.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from app.lint.lint import lint_policy
from app.policies.examine import Examined, examine
from app.rules.problems import Problem
from tests.rejected.readers import BASE_OF_LINT


def examined(folder: Path, files: dict[str, str]) -> Examined:
    """The product that is there for lint, with some of its files written anew."""
    shutil.copytree(BASE_OF_LINT, folder, dirs_exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return examine("loan", folder / "rulesets", folder / "scorecards")


def warnings_of(folder: Path, files: dict[str, str]) -> list[Problem]:
    """What lint says; the product must have no problem."""
    looked = examined(folder, files)
    assert looked.problems == ()
    return lint_policy(looked)
