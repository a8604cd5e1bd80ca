"""`chengxin policy prove`: what a policy says must always hold comes in; what was proven, and which
merchants break the rest, is printed.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.commands.policy_findings import finding_json, render_findings
from app.errors import ChengxinError
from app.policies.documents import list_products
from app.policies.examine import Examined, examine
from app.policies.policy import Policy
from app.policies.trials import values_of
from app.rules.catalogue import Input, read_catalogue
from app.rules.problems import render
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.proofs.prove import Finding


class SolverMissing(ChengxinError):
    """The solver is not installed."""


@click.command("prove", short_help="Decide for all merchants what must always hold.")
@click.argument("product", required=False)
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Seconds for each statement and purpose; then it stays open.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def prove_command(product: str | None, seconds: float, as_json: bool) -> None:
    """Decide what PRODUCT (or every product) states under `always:` in its policy.yaml.

    Each statement is proven for all merchants that the catalogue allows, or refuted by one that
    the evaluators confirm, or left open after its time. The status is 1 unless all is proven.
    """
    if importlib.util.find_spec("z3") is None:
        raise SolverMissing(
            "policy prove needs the solver z3, which is not installed;"
            " install it with: .venv/bin/pip install -e '.[prove]'"
        )
    settings = load_settings()
    names = list_products(settings.rulesets) if product is None else [product]
    looked = [examine(name, settings.rulesets, settings.scorecards) for name in names]
    if any(one.problems for one in looked):
        click.get_current_context().exit(_tell_problems(looked, as_json))
    findings = {one.product: _prove(one, seconds) for one in looked}
    _tell(looked, findings, settings, as_json)
    all_proven = all(f.verdict == "proven" for found in findings.values() for f in found)
    click.get_current_context().exit(0 if all_proven else 1)


def _prove(looked: Examined, seconds: float) -> list[Finding]:
    from app.proofs.prove import count_questions, prove

    policy, documents = looked.policy, looked.documents
    assert policy is not None and documents is not None
    catalogue: Mapping[str, Input] = read_catalogue(documents.catalogue, [])
    findings: list[Finding] = []
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(f"statements of {looked.product}", total=count_questions(policy))
        for finding in prove(policy, catalogue, plain_merchant(looked, policy), seconds):
            findings.append(finding)
            bar.advance(task)
    return findings


def plain_merchant(looked: Examined, policy: Policy) -> Callable[[str], dict[str, Any]]:
    """Purpose → the merchant of the first case that expects an approval, of that purpose where
    there is one; nothing where no case does.
    """

    def find(purpose: str) -> dict[str, Any]:
        fine = [case for case in looked.cases if case.expected.get("outcome") == "approve"]
        mine = [case for case in fine if case.purpose == purpose] or fine
        return {**mine[0].values, **values_of(policy, mine[0])} if mine else {}

    return find


def _tell_problems(looked: Sequence[Examined], as_json: bool) -> int:
    problems = sorted({problem for one in looked for problem in one.problems})
    if as_json:
        found = {"problems": [problem.as_json() for problem in problems]}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo("\n\n".join(render(problem) for problem in problems))
    return 1


def _tell(
    looked: Sequence[Examined],
    findings: Mapping[str, list[Finding]],
    settings: Settings,
    as_json: bool,
) -> None:
    if as_json:
        found = {name: [finding_json(one) for one in some] for name, some in findings.items()}
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in looked:
        click.echo(render_findings(one.product, findings[one.product]))
    if not looked:
        click.echo(f"there is no product in {settings.rulesets}")
