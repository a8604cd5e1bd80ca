"""`chengxin dmn`: models of the DMN standard, run, exported and imported."""

from __future__ import annotations

import click

from app.commands import dmn_export, dmn_import, dmn_run


@click.group()
def dmn() -> None:
    """Run, export and import decision models of the DMN standard."""


dmn.add_command(dmn_run.run)
dmn.add_command(dmn_export.export_command)
dmn.add_command(dmn_import.import_command)
