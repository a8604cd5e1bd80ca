"""`chengxin policy export` and `import`: a product's files to a workbook, and its edits back."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from app.errors import ChengxinError
from app.rules.problems import render
from app.settings import load_settings

if TYPE_CHECKING:
    from app.exchange.importing import Imported


class CannotExport(ChengxinError):
    """The workbook cannot be written there."""


class ExcelMissing(ChengxinError):
    """The library for workbooks is not installed."""


def _need_excel() -> None:
    if importlib.util.find_spec("openpyxl") is None:
        raise ExcelMissing(
            "workbooks need openpyxl, which is not installed;"
            " install it with: .venv/bin/pip install -e '.[excel]'"
        )


@click.command("export", short_help="Write the policy as an Excel workbook.")
@click.argument("product")
@click.option("--excel", "file", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def export_command(product: str, file: Path, as_json: bool) -> None:
    """Write the tables, rules, scorecards, formula and terms of PRODUCT to an .xlsx FILE."""
    _need_excel()
    if file.suffix.lower() != ".xlsx":
        raise CannotExport(f"{file}: the name of a workbook ends in .xlsx, as in {product}.xlsx")
    from app.exchange.base import Base, hashes_of
    from app.exchange.laying_out import lay_out
    from app.exchange.workbook import write_workbook
    from app.policies.documents import load_documents
    from app.policies.policy import check_policy
    from app.rules.catalogue import read_catalogue

    settings = load_settings()
    documents = load_documents(product, settings.rulesets, settings.scorecards)
    policy = check_policy(documents)
    sheets = lay_out(documents)
    reasons = [(c, r.staff.get("zh", ""), r.staff.get("en", "")) for c, r in policy.reasons.items()]
    base = Base(product, hashes_of(documents, sheets), tuple(sheets))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            new = Path(folder, "new.xlsx")
            with Console(stderr=True).status("writing the workbook"):
                write_workbook(new, base, read_catalogue(documents.catalogue, []), reasons)
            new.replace(file)
    except OSError as error:
        raise CannotExport(f"{file} cannot be written: {error.strerror or error}") from None
    names = [sheet.name for sheet in sheets]
    if as_json:
        click.echo(json.dumps({"product": product, "file": str(file), "sheets": names}))
        return
    click.echo(f"{product}: {len(names)} sheets written to {file}: {', '.join(names)}")


@click.command("import", short_help="Bring an edited Excel workbook back into the files.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--product", help="Refuse a workbook of another product.")
@click.option("--dry-run", is_flag=True, help="Show what changes; write nothing.")
@click.option("--force", is_flag=True, help="Even if the files changed since the export.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_command(
    file: Path, product: str | None, dry_run: bool, force: bool, as_json: bool
) -> None:
    """Bring what was edited in the workbook FILE back into the YAML files: all of it, or nothing.

    Only changed cells are written; comments and formatting stay. Status 1: something is wrong.
    """
    _need_excel()
    from app.exchange.importing import read_import, write_import

    settings = load_settings()
    with Console(stderr=True).status("reading the workbook"):
        found = read_import(file, settings.rulesets, settings.scorecards, product, force)
    is_bad = bool(found.cells or found.problems)
    if not is_bad and not dry_run:
        write_import(found)
    _tell(found, not is_bad and not dry_run, as_json)
    click.get_current_context().exit(1 if is_bad else 0)


def _tell(found: Imported, written: bool, as_json: bool) -> None:
    if as_json:
        data = {
            "product": found.product,
            "written": written,
            "files": [one.shown for one in found.files],
            "changed_since_export": found.changed_since,
            "changes": [one.as_json() for one in found.changes],
            "cells": [one.as_json() for one in found.cells],
            "problems": [one.as_json() for one in found.problems],
        }
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    if found.cells or found.problems:
        for cell in found.cells:
            click.echo(str(cell))
        for problem in found.problems:
            click.echo(render(problem))
        click.echo("nothing was written", err=True)
        return
    for change in found.changes:
        click.echo(f"{change.part}: {change}")
    if not found.files:
        click.echo(f"{found.product}: nothing was changed")
        return
    names = ", ".join(one.shown for one in found.files)
    click.echo(f"{found.product}: {'written' if written else 'would be written'}: {names}")
