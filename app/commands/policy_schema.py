"""`chengxin policy schema`: JSON Schemas of the YAML files, and how editors are told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.errors import ChengxinError
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.exchange.schemas.names import Names


class CannotWrite(ChengxinError):
    """The schemas cannot be written there."""


@click.command("schema", short_help="Print the JSON Schema of a kind of file, for editors.")
@click.argument("kind", required=False)
@click.option("--product", help="With the names that this product knows, for completion.")
@click.option("--write", "folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def schema_command(
    kind: str | None, product: str | None, folder: Path | None, as_json: bool
) -> None:
    """Print the JSON Schema of KIND (without it: all, by kind), or write them into a FOLDER.

    With --write it also prints the setting `yaml.schemas` of VS Code, for a workspace in the folder
    above the rulesets, and the first line of a file for editors that know no such setting.
    """
    from app.exchange.schemas.kinds import BUILDERS, schema_of

    if kind is not None and kind not in BUILDERS:
        raise click.BadParameter(f"there is no kind '{kind}'; kinds are {', '.join(BUILDERS)}")
    settings = load_settings()
    names = _names(product, settings) if product is not None else None
    found = {name: schema_of(name, names) for name in ([kind] if kind else BUILDERS)}
    if folder is None:
        click.echo(json.dumps(found[kind] if kind else found, ensure_ascii=False, indent=2))
        return
    prefix = f"{product}." if product else ""
    paths = {name: folder / f"{prefix}{name}.schema.json" for name in found}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in paths.items():
            text = json.dumps(found[name], ensure_ascii=False, indent=2)
            path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise CannotWrite(f"{folder} cannot be written: {error.strerror or error}") from None
    _tell(paths, _setting(paths, settings, product, names), as_json)


def _names(product: str, settings: Settings) -> Names:
    from app.exchange.schemas.names import names_of
    from app.policies.documents import load_documents
    from app.policies.policy import check_policy
    from app.rules.catalogue import read_catalogue

    documents = load_documents(product, settings.rulesets, settings.scorecards)
    return names_of(documents, check_policy(documents), read_catalogue(documents.catalogue, []))


def _setting(
    paths: dict[str, Path], settings: Settings, product: str | None, names: Names | None
) -> dict[str, list[str]]:
    from app.exchange.schemas.editors import yaml_schemas

    cards = names.files["scorecard"] if names is not None else None
    return yaml_schemas(paths, settings.rulesets, settings.scorecards, product, cards)


def _tell(paths: dict[str, Path], setting: dict[str, list[str]], as_json: bool) -> None:
    from app.exchange.schemas.editors import modeline

    if as_json:
        files: dict[str, Any] = {name: str(path) for name, path in paths.items()}
        click.echo(json.dumps({"files": files, "yaml.schemas": setting}, ensure_ascii=False))
        return
    click.echo(f"{len(paths)} schemas written to {next(iter(paths.values())).parent}")
    if setting:
        click.echo("\nVS Code with the YAML extension: put this into .vscode/settings.json:\n")
        click.echo(json.dumps({"yaml.schemas": setting}, ensure_ascii=False, indent=2))
    click.echo("\nOther editors with the YAML language server: the first line of a file:\n")
    for path in paths.values():
        click.echo(modeline(path))
