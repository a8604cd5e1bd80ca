"""What small changes of a policy its cases would notice, and cases that would notice the others:
for `policy test --mutate` and `policy cases --suggest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.policies.examine import Examined
from app.rules.problems import ProblemsFound
from app.trials.advice import Advice, Adviser
from app.trials.coverage import Part, measure_coverage
from app.trials.mutation import MutationReport, run_mutants
from app.trials.suggest import Suggested

JUDGE = "what these cases expect is what the policy does now: judge whether that is right"


@dataclass(frozen=True, slots=True)
class Mutated:
    """What became of the mutants of one product, and the advice on those that live."""

    report: MutationReport
    advice: tuple[Advice, ...]


def mutate(looked: Examined) -> Mutated:
    """Try every mutant, and look for a case against each that survives unargued."""
    if looked.policy is None or looked.documents is None:
        raise ProblemsFound(looked.problems)
    with bar(f"changes of {looked.product}") as advance:
        report = run_mutants(
            looked.documents, looked.cases, advance, looked.accepted.survivors, looked.policy
        )
    if not report.unargued:
        return Mutated(report, ())
    with bar(f"cases against what survives of {looked.product}") as advance:
        return Mutated(report, tuple(Adviser(looked).on_survivors(report.unargued, advance)))


def suggest(looked: Examined) -> tuple[Mutated, tuple[Advice, ...]]:
    """The same, and advice on the parts that no case reaches."""
    if looked.policy is None or looked.documents is None:
        raise ProblemsFound(looked.problems)
    with bar(f"changes of {looked.product}") as advance:
        report = run_mutants(
            looked.documents, looked.cases, advance, looked.accepted.survivors, looked.policy
        )
    adviser = Adviser(looked)
    with bar(f"cases against what survives of {looked.product}") as advance:
        found = tuple(adviser.on_survivors(report.unargued, advance))
    gaps = adviser.on_gaps(measure_coverage(looked.policy, looked.cases, looked.documents))
    return Mutated(report, found), tuple(gaps)


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], object]]:
    """A bar on stderr, gone when it is done; nothing where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def tell(product: str, mutated: Mutated) -> None:
    """The score, then each survivor with the case that would notice it."""
    report = mutated.report
    click.echo(f"{product}: {describe(report)}")
    for one in mutated.advice:
        for line in _lines(one):
            click.echo(line)
    for name in report.unmatched:
        click.echo(f"    accepted.yaml accepts a survivor that there is not: {name}")
    if any(one.suggested for one in mutated.advice):
        click.echo(f"    ({JUDGE})")


def describe(report: MutationReport) -> str:
    """The report in a sentence."""
    said = f"cases notice {report.killed} of {report.total} small changes ({report.score:.1%})"
    if report.same:
        said += f"; {report.same} change nothing within the ranges of the inputs"
    if report.argued:
        said += f"; {report.argued} unnoticed for a reason in accepted.yaml"
    left = len(report.unargued)
    return f"{said}; {left} survive{'s' if left == 1 else ''}:" if left else said


def _lines(advice: Advice) -> Iterator[str]:
    of = advice.of
    if isinstance(of, Part):
        yield f"  no case reaches {of}"
    else:
        yield f"  survives: {of.mutant.name}"
        yield f"    at {of.mutant.place}"
    found = advice.suggested
    if found is None:
        yield (
            "    no merchant found that tells them apart"
            if not isinstance(of, Part)
            else "    no merchant found that reaches it"
        )
    elif advice.again:
        yield f"    the case {found.case.name!r} above helps here too"
    else:
        what = "a new file" if found.is_whole else "cases of"
        yield f"    into {what} {found.file.name}:"
        yield from found.text.rstrip("\n").split("\n")


def as_json(mutated: Mutated) -> dict[str, Any]:
    found = mutated.report.as_json()
    by_name = {one.of.mutant.name: one for one in mutated.advice if not isinstance(one.of, Part)}
    for one in found["survivors"]:
        advice = by_name.get(one["mutant"])
        one["suggested"] = _case_json(advice) if advice else None
    return found


def _case_json(advice: Advice) -> dict[str, Any] | None:
    found = advice.suggested
    if found is None:
        return None
    said = {"file": found.file.name, "case": found.case.name, "yaml": found.text}
    return {**said, "is_new_file": found.is_whole, "advised_before": advice.again}


def advice_json(advice: Sequence[Advice]) -> list[dict[str, Any]]:
    """Cases by what they are for."""
    rows = []
    for one in advice:
        part = one.of
        what = str(part) if isinstance(part, Part) else part.mutant.name
        rows.append({"for": what, "suggested": _case_json(one)})
    return rows


def new_cases(advice: Sequence[Advice]) -> list[Suggested]:
    """Each advised case once."""
    return [one.suggested for one in advice if one.suggested is not None and not one.again]


def tell_advice(advice: Sequence[Advice]) -> None:
    for one in advice:
        for line in _lines(one):
            click.echo(line)
