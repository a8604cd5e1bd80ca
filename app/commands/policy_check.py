"""`chengxin policy check`: the files of products come in, problems and warnings go out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import click

from app.lint.lint import lint_policy, lint_shared
from app.policies.documents import list_products
from app.policies.examine import Examined, examine
from app.rules.problems import Problem, render
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, each once: products share the catalogue and the reasons."""

    looked: tuple[Examined, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check(products: Sequence[str], settings: Settings, as_json: bool, errors_only: bool) -> int:
    """Print every problem and warning once; the exit status. Raises UnknownProduct."""
    checked = find_all(products, settings, errors_only)
    if as_json:
        found: dict[str, object] = {
            "products": list(products),
            "problems": [one.as_json() for one in checked.problems],
        }
        if not errors_only:
            found["warnings"] = [one.as_json() for one in checked.warnings]
        click.echo(json.dumps(found, ensure_ascii=False))
    elif checked.problems or checked.warnings:
        _tell(checked)
    else:
        for one in checked.looked:
            click.echo(f"{one.product}: no problems, {len(one.cases)} cases")
        if not checked.looked:
            click.echo(f"there is no product in {settings.rulesets}")
    return 1 if checked.problems or checked.warnings else 0


def find_all(products: Sequence[str], settings: Settings, errors_only: bool) -> Checked:
    """The problems of products, and their warnings with those of the files that all share. Raises
    UnknownProduct.
    """
    rulesets, scorecards = settings.rulesets, settings.scorecards
    looked = tuple(examine(name, rulesets, scorecards) for name in products)
    problems = {problem for one in looked for problem in one.problems}
    warnings: set[Problem] = set()
    if not errors_only and products:
        for one in looked:
            warnings.update(lint_policy(one))
        # what no product reads can only be told from all of them
        others = [name for name in list_products(rulesets) if name not in products]
        everyone = [*looked, *(examine(name, rulesets, scorecards) for name in others)]
        shared = lint_shared(everyone, rulesets, scorecards)
        problems.update(shared.problems)
        warnings.update(shared.warnings)
    return Checked(looked, tuple(sorted(problems)), tuple(sorted(warnings)))


def _tell(checked: Checked) -> None:
    """Problems first, then warnings, each with its kind."""
    kinds = (("error", checked.problems), ("warning", checked.warnings))
    texts = [_with_kind(kind, one) for kind, found in kinds for one in found]
    click.echo("\n\n".join(texts))
    counts = [
        f"{len(found)} {word}{'' if len(found) == 1 else 's'}"
        for word, found in (("problem", checked.problems), ("warning", checked.warnings))
        if found
    ]
    click.echo(f"\n{', '.join(counts)}", err=True)


def _with_kind(kind: str, problem: Problem) -> str:
    """The rendered problem, with its kind after the place."""
    place = f"{problem.place}: "
    return f"{place}{kind}: {render(problem).removeprefix(place)}"
