"""What the steps of a release's life share on the command line: who, when, where it is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from app.errors import ChengxinError
from app.settings import Settings, load_settings
from app.storage.connection import connect
from app.storage.releases import SqlReleaseStore

LOCAL = ZoneInfo("Asia/Shanghai")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
NUMBER = click.argument("number", required=False, type=click.IntRange(min=1))
Command = Callable[..., Any]


class BadTime(ChengxinError):
    """A time that cannot be read."""


def by_option(who: str) -> Callable[[Command], Command]:
    """`--by NAME`, which every step of a release's life needs."""
    return click.option("--by", "name", required=True, metavar="NAME", help=who)


def why_option(required: bool = True) -> Callable[[Command], Command]:
    """`--why TEXT`."""
    return click.option("--why", required=required, metavar="TEXT", help="For what reason.")


def open_store(settings: Settings | None = None) -> SqlReleaseStore:
    """Where releases are kept."""
    return SqlReleaseStore(connect(settings or load_settings()))


def now() -> datetime:
    return datetime.now(UTC)


def read_time(text: str, option: str = "--at") -> datetime:
    """A time as it is written; Asia/Shanghai unless it names a zone. Raises BadTime."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadTime(
            f"{option} is '{text}'; write a time such as 2026-12-01 or '2026-12-01 08:00'"
        ) from None
