"""`chengxin policy audit`: the log of everything that was done to releases; and whether it is as it
was written.
"""

from __future__ import annotations

import json
from typing import Any

import click

from app.commands import policy_show
from app.commands.policy_common import AS_JSON, open_store
from app.errors import ChengxinError
from app.policies.audit import AuditEntry, AuditProblem, verify_chain, verify_releases
from app.storage.audit import list_entries, list_heads

NOT_SHOWN = ("sha256", "evidence", "experiment", "before")


class NothingPublished(ChengxinError):
    """There is no log of that product."""


@click.command("audit", short_help="The log of every step, and whether it is whole.")
@click.argument("product", required=False)
@click.option("--verify", is_flag=True, help="Only check that nothing was changed or taken out.")
@AS_JSON
def audit(product: str | None, verify: bool, as_json: bool) -> None:
    """Show every step of PRODUCT's releases (or of all products), in order: who, when, what.

    Each event has the SHA-256 of the one before. With --verify the status is 1 when an event was
    changed, added or taken out, or a release is not what its events say.
    """
    store = open_store()
    heads = list_heads()
    known = sorted({*heads, *store.products()})
    if product is not None and product not in known:
        raise NothingPublished(
            f"there is no log of '{product}'; there are logs of {', '.join(known) or 'nothing yet'}"
        )
    entries = list_entries(product)
    if not verify:
        _tell_log(entries, as_json)
        return
    problems: list[AuditProblem] = []
    names = sorted({*known, *(entry.event.product for entry in entries)})
    for name in names if product is None else [product]:
        own = sorted(
            (entry for entry in entries if entry.event.product == name), key=lambda e: e.sequence
        )
        problems += verify_chain(name, own, heads.get(name))
        problems += verify_releases(name, own, store.releases_of(name))
    shown_heads = {name: head for name, head in heads.items() if product in (None, name)}
    if as_json:
        found = {
            "events": len(entries),
            "whole": not problems,
            "heads": {
                name: {"events": head.count, "sha256": head.sha256}
                for name, head in sorted(shown_heads.items())
            },
            "problems": [problem.as_json() for problem in problems],
        }
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for problem in problems:
            place = "" if problem.sequence is None else f" event {problem.sequence}"
            click.echo(f"{problem.product}{place}: {problem.message} [{problem.code}]")
        for name, head in sorted(shown_heads.items()):
            click.echo(f"{name}: {head.count} events, the last is {head.sha256}")
        click.echo("the log is NOT whole" if problems else "the log is whole")
    click.get_current_context().exit(1 if problems else 0)


def _tell_log(entries: list[AuditEntry], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_describe(entry) for entry in entries], ensure_ascii=False))
        return
    for entry in entries:
        event = entry.event
        which = f"release {event.number}" if event.number else "the product"
        click.echo(
            f"{policy_show.show_time(event.at)}  {event.product:<10} {entry.sequence:>4}"
            f"  {event.event:<15} {which:<12} {event.actor}{_aside(event.detail)}"
        )
    if not entries:
        click.echo("nothing has happened yet")


def _describe(entry: AuditEntry) -> dict[str, Any]:
    event = entry.event
    return {
        "product": event.product,
        "sequence": entry.sequence,
        "number": event.number or None,
        "event": event.event,
        "actor": event.actor,
        "at": event.at.isoformat(),
        "detail": event.detail,
        "previous_sha256": entry.previous_sha256,
        "sha256": entry.sha256,
    }


def _aside(detail: dict[str, Any] | None) -> str:
    shown = {key: value for key, value in (detail or {}).items() if key not in NOT_SHOWN and value}
    words = "; ".join(
        f"{key} {value}" if key != "why" else str(value) for key, value in shown.items()
    )
    return f": {words}" if words else ""
