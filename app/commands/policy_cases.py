"""`chengxin policy cases`: how many cases there are, and with --suggest those that are lacking."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.commands.policy_common import AS_JSON
from app.policies.documents import list_products
from app.policies.examine import Examined, examine
from app.policies.trials import run_cases
from app.rules.problems import render
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.trials.suggest import Suggested


@click.command("cases", short_help="Count the cases; suggest those that are lacking.")
@click.argument("product", required=False)
@click.option("--suggest", is_flag=True, help="Write the cases that are lacking.")
@click.option(
    "--write",
    "target",
    metavar="FILE",
    help="Append what is suggested to this file of cases/ (or `all`: each to the file it fits).",
)
@AS_JSON
def cases_command(product: str | None, suggest: bool, target: str | None, as_json: bool) -> None:
    """Count the cases of PRODUCT (or of all).

    With --suggest: a case for every part that no case reaches, and for every small change of the
    policy that no case would notice. What they expect is what the policy does now: a person must
    judge whether that is right. --write keeps only what loads and holds.
    """
    if target is not None and not suggest:
        raise click.UsageError("--write goes with --suggest")
    settings = load_settings()
    products = list_products(settings.rulesets) if product is None else [product]
    if target is not None and len(products) != 1:
        raise click.UsageError("--write needs one PRODUCT")
    if target is not None and Path(target).name != target:
        raise click.UsageError(
            f"--write is '{target}'; write a name alone, as in limit.yaml, or all"
        )
    found: dict[str, Any] = {}
    for name in products:
        looked = examine(name, settings.rulesets, settings.scorecards)
        if looked.policy is None:
            _tell_problems(looked, as_json)
            click.get_current_context().exit(1)
        counts = Counter(Path(case.place.file).name for case in looked.cases)
        found[name] = {"cases": len(looked.cases), "files": dict(counts)}
        if not as_json:
            said = ", ".join(f"{file} {count}" for file, count in counts.items())
            click.echo(
                f"{name}: {len(looked.cases)} cases ({said})" if said else f"{name}: no cases"
            )
        if suggest:
            found[name] |= _suggest(looked, settings, target, as_json)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))


def _suggest(
    looked: Examined, settings: Settings, target: str | None, as_json: bool
) -> dict[str, Any]:
    from app.commands import policy_mutation

    assert looked.policy is not None
    failing = {one.case.name for one in run_cases(looked.policy, looked.cases)}
    if failing:
        raise click.ClickException(
            f"{len(failing)} cases of {looked.product} fail; chengxin policy test says how:"
            " nothing is suggested before they hold"
        )
    if not looked.cases:
        raise click.ClickException(
            f"{looked.product} has no cases; write a first one with its `base`, in"
            f" {looked.product}/cases/"
        )
    mutated, gaps = policy_mutation.suggest(looked)
    advice = (*mutated.advice, *gaps)
    new = policy_mutation.new_cases(advice)
    if not as_json:
        click.echo(f"{looked.product}: {policy_mutation.describe(mutated.report)}")
        policy_mutation.tell_advice(advice)
        if new:
            click.echo(policy_mutation.JUDGE)
        elif not advice:
            click.echo(f"{looked.product}: nothing is lacking")
    written = _write(looked, settings, new, target) if target is not None else []
    for path in written if not as_json else ():
        click.echo(f"written: {path}")
    if new and target is not None and not written:
        click.echo(f"none of these cases belongs into {target}; nothing was written", err=True)
    return {
        "suggested": policy_mutation.advice_json(advice),
        "written": [str(path) for path in written],
    }


def _write(looked: Examined, settings: Settings, new: list[Suggested], target: str) -> list[Path]:
    """Append the cases; the files are as before where the result does not load and hold."""
    assert looked.folder is not None
    folder = looked.folder / "cases"
    wanted = None if target == "all" else folder / target
    mine = [one for one in new if wanted is None or one.file == wanted]
    if not mine:
        return []
    before = {one.file: one.file.read_bytes() if one.file.exists() else None for one in mine}
    try:
        for one in mine:
            _append(one)
        again = examine(looked.product, settings.rulesets, settings.scorecards)
        fine = again.policy is not None and not run_cases(again.policy, again.cases)
    except BaseException:
        _restore(before)
        raise
    if not fine:
        _restore(before)
        raise click.ClickException(
            "the files with the new cases would not load, or a case would not hold, so nothing was"
            " written; paste the cases by hand under `cases:`"
        )
    return list(before)


def _append(one: Suggested) -> None:
    if one.is_whole and not one.file.exists():
        one.file.write_text(one.text, encoding="utf-8")
        return
    text = one.file.read_text(encoding="utf-8-sig").rstrip("\n")
    cases = one.text[one.text.index("  - case:") :] if one.is_whole else one.text
    if text.split("\n")[-1].rstrip() in ("cases: []", "cases:"):
        text = text[: text.rindex("cases:")] + "cases:"
    one.file.write_text(f"{text}\n{cases}", encoding="utf-8")


def _restore(before: dict[Path, bytes | None]) -> None:
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)


def _tell_problems(looked: Examined, as_json: bool) -> None:
    if as_json:
        problems = [one.as_json() for one in looked.problems]
        click.echo(json.dumps({"problems": problems}, ensure_ascii=False))
    else:
        click.echo("\n\n".join(render(one) for one in looked.problems))
