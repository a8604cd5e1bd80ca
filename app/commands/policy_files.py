"""The files of products come in; what `chengxin policy test` and `publish` say of them goes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.policies.cases import Case
from app.policies.examine import Examined, examine, freeze, thaw
from app.policies.trials import ENGINES, Difference, run_cases
from app.rules.problems import Problem, ProblemsFound, render
from app.settings import Settings
from app.trials.coverage import Coverage, measure_coverage
from app.trials.story import tell_case, trace_case

if TYPE_CHECKING:
    from app.commands.policy_mutation import Mutated

WORTH_SHOWING = 50  # cases; fewer take no time


@dataclass(frozen=True, slots=True)
class Frozen:
    """Files that may be published: they are clean, and all cases hold."""

    bundle_json: str
    looked: Examined


def test(
    products: Sequence[str],
    settings: Settings,
    as_json: bool,
    require_coverage: bool = False,
    with_mutants: bool = False,
) -> int:
    """Run the cases, print what differs, what no case reaches, and (with mutants) what no case
    would notice; the exit status. Raises UnknownProduct.
    """
    looked = [examine(name, settings.rulesets, settings.scorecards) for name in products]
    problems = _problems(looked)
    if problems:
        _tell_problems(problems, as_json)
        return 1
    results = {one.product: _run(one) for one in looked}
    coverage = {one.product: _cover(one) for one in looked}
    mutated = _mutate(looked, results) if with_mutants else {}
    _tell_results(looked, results, as_json, coverage, mutated)
    if any(one is None or one.report.unargued for one in mutated.values()):
        return 1
    if require_coverage and any(one.missing for one in coverage.values()):
        return 1
    return 1 if any(results.values()) or any(not one.cases for one in looked) else 0


def _mutate(
    looked: Sequence[Examined], results: Mapping[str, list[Difference]]
) -> dict[str, Mutated | None]:
    """What became of the mutants; None where a case fails on the policy itself, or none stands."""
    from app.commands.policy_mutation import mutate

    return {
        one.product: mutate(one) if one.cases and not results[one.product] else None
        for one in looked
    }


def _cover(looked: Examined) -> Coverage:
    if looked.policy is None:
        raise ProblemsFound(looked.problems)
    return measure_coverage(looked.policy, looked.cases, looked.documents)


def prepare(product: str, settings: Settings, as_json: bool) -> Frozen | None:
    """What `publish` freezes; None after printing why the files cannot be published."""
    looked = examine(product, settings.rulesets, settings.scorecards)
    if looked.problems:
        _tell_problems(looked.problems, as_json)
        click.echo("nothing was published", err=True)
        return None
    bundle_json = freeze(looked)
    differences = _run(looked, bundle_json)
    if differences or not looked.cases:
        _tell_results([looked], {product: differences}, as_json)
        click.echo("nothing was published", err=True)
        return None
    return Frozen(bundle_json, looked)


def _run(looked: Examined, bundle_json: str | None = None) -> list[Difference]:
    """The cases on the policy as a release would hold it."""
    frozen = thaw(bundle_json or freeze(looked))
    with _progress(f"cases of {looked.product}", len(looked.cases) * len(ENGINES)) as advance:
        return run_cases(frozen, looked.cases, advance)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], object]]:
    """A bar on stderr, gone when it is done; nothing where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = not console.is_terminal or total < WORTH_SHOWING
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _problems(looked: Sequence[Examined]) -> list[Problem]:
    """Each once: products share the catalogue and the reasons."""
    return sorted({problem for one in looked for problem in one.problems})


def _tell_problems(problems: Sequence[Problem], as_json: bool) -> None:
    if as_json:
        found = {"problems": [one.as_json() for one in problems]}
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo("\n\n".join(render(problem) for problem in problems))
    count = len(problems)
    click.echo(f"\n{count} problem{'' if count == 1 else 's'}", err=True)


def _tell_results(
    looked: Sequence[Examined],
    results: dict[str, list[Difference]],
    as_json: bool,
    coverage: Mapping[str, Coverage] | None = None,
    mutated: Mapping[str, Mutated | None] | None = None,
) -> None:
    coverage, mutated = coverage or {}, mutated or {}
    if as_json:
        found = _as_json(looked, results, coverage)
        for product, one_mutated in mutated.items():
            found[product]["mutation"] = _mutation_json(one_mutated)
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in looked:
        _print_result(one, results[one.product])
        if one.product in coverage:
            _print_coverage(one.product, coverage[one.product])
        if one.product in mutated:
            _print_mutation(one.product, mutated[one.product])


def _mutation_json(mutated: Mutated | None) -> dict[str, Any] | None:
    from app.commands import policy_mutation

    return None if mutated is None else policy_mutation.as_json(mutated)


def _print_mutation(product: str, mutated: Mutated | None) -> None:
    from app.commands import policy_mutation

    if mutated is None:
        click.echo(f"{product}: no change of it was tried; first all cases must hold, and be there")
    else:
        policy_mutation.tell(product, mutated)


def _print_coverage(product: str, found: Coverage) -> None:
    said = f"{product}: cases reach {len(found.covered)} of {found.total} parts of the policy"
    click.echo(f"{said}; no case reaches:" if found.missing else said)
    for part in found.missing:
        click.echo(f"    {part}")


def _print_result(looked: Examined, differences: Sequence[Difference]) -> None:
    if not looked.cases:
        click.echo(
            f"{looked.product}: there are no cases; write some in {looked.product}/cases/*.yaml"
        )
        return
    told = None
    for one in differences:
        if told is not None and told.place != one.case.place:
            _print_story(looked, told)
        click.echo(_render(one))
        told = one.case
    if told is not None:
        _print_story(looked, told)
    failed = len({one.case.place for one in differences})
    said = f"{failed} of {len(looked.cases)} cases fail" if failed else "all cases hold"
    click.echo(f"{looked.product}: {len(looked.cases)} cases by {', '.join(ENGINES)}: {said}")


def _print_story(looked: Examined, case: Case) -> None:
    if looked.policy is not None:
        for line in tell_case(looked.policy, case):
            click.echo(f"      {line}")


def _render(one: Difference) -> str:
    against = "expected" if one.against == "case" else "the scalar evaluator gives"
    found, wanted = _show(one.key, one.found), _show(one.key, one.expected)
    return (
        f"{one.case.place}: {one.case.name}\n"
        f"    {one.key.removesuffix('_fen')}: {against} {wanted}, {one.engine} gives {found}"
    )


def _show(key: str, value: Any) -> str:
    """A value as it is written in a case."""
    if value is None:
        return "null"
    if key in ("limit_fen", "limit"):
        yuan, fen = divmod(value, 100)
        return f"{yuan:_}" + (f".{fen:02}" if fen else "")
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{name}: {_show(name, one)}" for name, one in value.items())
        return f"{{{inner}}}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _as_json(
    looked: Sequence[Examined],
    results: dict[str, list[Difference]],
    coverage: Mapping[str, Coverage],
) -> dict[str, dict[str, Any]]:
    return {
        one.product: {
            "cases": len(one.cases),
            "engines": list(ENGINES),
            "failed": len({d.case.place for d in results[one.product]}),
            "differences": [d.as_json() for d in results[one.product]],
            "traces": _traces(one, results[one.product]),
            **({"coverage": coverage[one.product].as_json()} if one.product in coverage else {}),
        }
        for one in looked
    }


def _traces(looked: Examined, differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """What each stage said of every failing case, once a case."""
    failed = {one.case.place: one.case for one in differences}
    return [
        {"case": case.name, "file": place.file, "line": place.line, "stages": stages}
        for place, case in failed.items()
        if looked.policy is not None
        for stages in [trace_case(looked.policy, case)]
    ]
