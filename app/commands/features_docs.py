"""`chengxin features docs`: the page that says what each feature is."""

from __future__ import annotations

from pathlib import Path

import click

from app.settings import load_settings


@click.command("docs", short_help="Write the page of all features.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              help="The Markdown file to write; without it the page is printed.")  # fmt: skip
def docs_command(out: Path | None) -> None:
    """Write what every feature of the catalogue is, in Chinese and English, as Markdown."""
    from app.features.dictionary import render_dictionary
    from app.rules.catalogue import read_catalogue
    from app.rules.document import load_yaml
    from app.rules.problems import Problem, ProblemsFound

    path = load_settings().rulesets / "catalogue.yaml"
    problems: list[Problem] = []
    catalogue = read_catalogue(load_yaml(path.name, path.read_text("utf-8")), problems)
    if problems:
        raise ProblemsFound(problems)
    page = render_dictionary(catalogue)
    if out is None:
        click.echo(page, nl=False)
        return
    out.write_text(page, "utf-8")
    click.echo(f"{sum(one.origin == 'features' for one in catalogue.values())} features in {out}")
