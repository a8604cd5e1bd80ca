"""`chengxin keys`: API keys for those who call us. A token is printed once, when it is made."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from app.settings import load_settings
from app.storage.api_keys import (
    DEFAULT_RATE_PER_SECOND,
    SCOPES,
    StoredKey,
    create_key,
    list_keys,
    revoke_key,
)
from app.storage.connection import connect


@click.group("keys")
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command("create", epilog=f"Scopes: {', '.join(f'{s} ({w})' for s, w in SCOPES.items())}.")
@click.option("--name", required=True, help="Whose key it is, for example 'bank of Linyi'.")
@click.option("--scope", "scopes", multiple=True, help="What it may do; repeat for several.")
@click.option("--all-scopes", is_flag=True, help="Give it every scope.")
@click.option(
    "--rate",
    default=DEFAULT_RATE_PER_SECOND,
    show_default=True,
    help="Requests a second that each worker lets through.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
def create(name: str, scopes: tuple[str, ...], all_scopes: bool, rate: int, as_json: bool) -> None:
    """Make a key and print its token, which cannot be shown again: only its hash is stored."""
    chosen = list(SCOPES) if all_scopes else list(dict.fromkeys(scopes))
    key, token = create_key(connect(load_settings()), name, chosen, rate)
    if as_json:
        click.echo(json.dumps({**_describe(key), "token": token}, ensure_ascii=False))
        return
    click.echo(token)
    click.echo(
        f"This is the key {key.id} of {key.name}; keep it, it is not shown again.\n"
        f"Use it as the header  Authorization: Bearer {token[:12]}…\n"
        f"It may: {', '.join(sorted(key.scopes))}.",
        err=True,
    )


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the keys as JSON.")
def list_command(as_json: bool) -> None:
    """List the keys, revoked ones too, without their secrets."""
    known = list_keys(connect(load_settings()))
    if as_json:
        click.echo(json.dumps([_describe(key) for key in known], ensure_ascii=False))
        return
    for key in known:
        state = f"revoked {_show(key.revoked_at)}" if key.revoked_at else "in force"
        scopes = " ".join(sorted(key.scopes))
        click.echo(f"{key.id}  {key.name}  {_show(key.created_at)}  {state}  {scopes}")
    if not known:
        click.echo("there are no keys; make one with: chengxin keys create --name … --scope …")


@keys.command("revoke")
@click.argument("key_id")
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
def revoke(key_id: str, as_json: bool) -> None:
    """Revoke the key KEY_ID (the part of the token between the underscores) within 5 seconds, for
    good.
    """
    key = revoke_key(connect(load_settings()), key_id)
    if as_json:
        click.echo(json.dumps(_describe(key), ensure_ascii=False))
    else:
        click.echo(f"revoked {key.id} of {key.name}; running workers refuse it within 5 seconds")


def _describe(key: StoredKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "rate_per_second": key.rate_per_second,
        "created_at": key.created_at.isoformat(),
        "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
    }


def _show(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
