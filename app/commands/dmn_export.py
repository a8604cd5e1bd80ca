"""`chengxin dmn export`: a product's policy as a DMN model that other tools read."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app.rules.rulesets import PURPOSES
from app.settings import load_settings


@click.command("export", short_help="Write a policy as a DMN 1.5 model.")
@click.argument("product")
@click.option(
    "--to",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, for example wuliudai.dmn.",
)
@click.option(
    "--purpose",
    default="drawdown",
    show_default=True,
    type=click.Choice(PURPOSES),
    help="A model is of one purpose: rules for another are left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def export_command(product: str, file: Path, purpose: str, as_json: bool) -> None:
    """Write the policy of PRODUCT as a DMN 1.5 model, with a diagram.

    Tables, rules, the scorecard and the formula become decisions; what is unknown here stays
    unknown there.
    """
    from app.dmn.exporting import export_policy
    from app.dmn.exporting_model import write_xml
    from app.policies.documents import load_documents
    from app.policies.policy import check_policy

    settings = load_settings()
    documents = load_documents(product, settings.rulesets, settings.scorecards)
    model = export_policy(check_policy(documents), documents, purpose)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(write_xml(model))
    if as_json:
        data = {
            "product": product,
            "purpose": purpose,
            "file": str(file),
            "inputs": [name for name, _, _ in model.inputs],
            "decisions": [one.name for one in model.decisions],
        }
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    counts = f"{len(model.decisions)} decisions over {len(model.inputs)} inputs"
    click.echo(f"{product}, {purpose}: {counts} written to {file}")
