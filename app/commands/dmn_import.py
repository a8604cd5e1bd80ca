"""`chengxin dmn import`: a DMN model as files of ours, with what does not fit and why."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.dmn.errors import DmnError
from app.settings import load_settings

if TYPE_CHECKING:
    from app.dmn.importing_found import Found, Misfit
    from app.rules.problems import Problem


@click.command("import", short_help="Write what fits of a DMN model as policy files.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A new or empty folder.",
)
@click.option("--product", help="The product's name; else the model's.")
@click.option(
    "--money",
    multiple=True,
    metavar="NAME",
    help="An input or decision of the model that is an amount in yuan.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_command(
    model: Path, folder: Path, product: str | None, money: tuple[str, ...], as_json: bool
) -> None:
    """Write the decisions of MODEL that our language can say into FOLDER.

    What does not fit is named: decision, rule, cell, why. Status 1: something does not fit, or the
    files need a person's hand.
    """
    from app.dmn.importing import import_model
    from app.dmn.importing_checks import compare_with_source
    from app.dmn.importing_files import files_of
    from app.dmn.importing_text import our_name
    from app.dmn.model import Model
    from app.policies.examine import examine

    if folder.exists() and any(folder.iterdir()):
        raise DmnError(f"{folder} is not empty; --to needs a new or empty folder")
    settings = load_settings()
    found = import_model(model, money)
    title = Model(model).root.get("name") or model.stem
    name = our_name(product or title, ())
    files = files_of(found, name, title, model.name, settings.rulesets / "reasons.yaml")
    if not found.stages:
        files = {}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    misfits = list(found.misfits)
    problems: list[Problem] = []
    if files:
        (folder / "scorecards").mkdir(exist_ok=True)
        problems += examine(name, folder / "rulesets", folder / "scorecards").problems
        misfits += [] if problems else compare_with_source(found, model, folder, name)
    tell = _tell_json if as_json else _tell
    tell(found, misfits, folder, name, list(files), problems)
    click.get_current_context().exit(1 if misfits or problems or not files else 0)


def _tell_json(
    found: Found,
    misfits: list[Misfit],
    folder: Path,
    product: str,
    files: list[str],
    problems: list[Problem],
) -> None:
    data = {
        "product": product,
        "folder": str(folder),
        "files": files,
        "names": {dmn: own for own, (dmn, _) in found.inputs.items()} | found.names,
        "stages": {stage.decision: stage.name for stage in found.stages},
        "notes": [{"decision": name, "note": text} for name, text in found.notes],
        "misfits": [one.as_json() for one in misfits],
        "problems": [one.as_json() for one in problems],
    }
    click.echo(json.dumps(data, ensure_ascii=False))


def _tell(
    found: Found,
    misfits: list[Misfit],
    folder: Path,
    product: str,
    files: list[str],
    problems: list[Problem],
) -> None:
    from app.rules.problems import render

    for dmn, own in found.names.items():
        if dmn != own:
            click.echo(f"name: '{dmn}' → {own}")
    for stage in found.stages:
        click.echo(f"fits: decision '{stage.decision}' → {product}/{stage.file}")
    for name, text in found.notes:
        click.echo(f"note: '{name}': {text}")
    for one in misfits:
        click.echo(f"does not fit: {one}")
    for problem in problems:
        click.echo(render(problem))
    if not files:
        click.echo("no decision fits: nothing was written", err=True)
        return
    click.echo(f"{product}: {len(files)} files written to {folder}")
    where = shlex.quote(str(folder / "rulesets"))
    cards = shlex.quote(str(folder / "scorecards"))
    click.echo("left for a person: texts of reasons, Chinese titles, ranges of inputs, cases")
    click.echo(
        f"check: CHENGXIN_RULESETS={where} CHENGXIN_SCORECARDS={cards}"
        f" chengxin policy check {product}"
    )
