"""`chengxin db`: makes and migrates the tables of the database that the settings name."""

from __future__ import annotations

import json

import click

from app.settings import load_settings
from app.storage.connection import describe, open_database
from app.storage.migrations import migrate, migration_states


@click.group("db")
def db() -> None:
    """Create and migrate the database (DATABASE_URL, by default SQLite in CHENGXIN_HOME)."""


@db.command("migrate")
@click.option("--json", "as_json", is_flag=True, help="Print the applied names as JSON.")
def migrate_command(as_json: bool) -> None:
    """Bring the tables up to date. Running it again, or twice at once, does no harm."""
    settings = load_settings()
    database = open_database(settings.database_url)
    applied = migrate(database)
    database.close()
    if as_json:
        click.echo(json.dumps({"applied": applied}))
        return
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo(f"nothing to do: {describe(settings.database_url)} is up to date")


@db.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def status(as_json: bool) -> None:
    """Show which migrations are applied. Exit status 1 when some are not."""
    settings = load_settings()
    database = open_database(settings.database_url)
    states = migration_states(database)
    database.close()
    if as_json:
        rows = [{"name": name, "applied_at": at and at.isoformat()} for name, at in states]
        click.echo(json.dumps({"database": describe(settings.database_url), "migrations": rows}))
    else:
        click.echo(describe(settings.database_url))
        for name, at in states:
            click.echo(f"  {name}  {f'applied {at:%Y-%m-%d %H:%M}' if at else 'not applied'}")
    if any(at is None for _, at in states):
        raise click.exceptions.Exit(1)
