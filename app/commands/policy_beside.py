"""`chengxin policy shadow | challenge | stop | resume`: what holds for a product beside its active
release.
"""

from __future__ import annotations

import json
import re

import click

from app.commands.policy_common import AS_JSON, NUMBER, by_option, now, open_store, why_option
from app.errors import ChengxinError
from app.policies import beside
from app.policies.beside import WHOLE_SHARE
from app.policies.release_records import ProductSettings

SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%|(0?\.\d+|[01](?:\.0*)?)")


class BadShare(ChengxinError):
    """A share that cannot be read."""


class BadUse(ChengxinError):
    """Options that do not go together."""


@click.command("shadow", short_help="Run a release beside the active one.")
@click.argument("product")
@NUMBER
@by_option("Who switches it on or off.")
@click.option("--off", is_flag=True, help="Switch it off.")
@AS_JSON
def shadow(product: str, number: int | None, name: str, off: bool, as_json: bool) -> None:
    """Let release NUMBER of PRODUCT judge every live decision in the shadow of the active release.

    What it would have decided is kept apart; answers stay as they are. See it with policy compare.
    """
    if off == (number is not None):
        raise BadUse("name the release that is to run in the shadow, or write --off, not both")
    settings = beside.set_shadow(open_store(), product, None if off else number, name, now())
    said = f"release {number} runs in the shadow of {product}" if not off else "the shadow is off"
    _tell(settings, said, as_json)


@click.command("challenge", short_help="Let another release decide for a share.")
@click.argument("product")
@NUMBER
@click.option("--share", metavar="SHARE", help="Of all merchants, as 10% or 0.1.")
@by_option("Who begins, changes or ends it.")
@click.option("--off", is_flag=True, help="End it: the active release decides for everybody.")
@AS_JSON
def challenge(
    product: str, number: int | None, share: str | None, name: str, off: bool, as_json: bool
) -> None:
    """Let approved release NUMBER of PRODUCT decide for a share of the merchants.

    Merchants are drawn by a fixed hash: a larger share keeps those of the smaller one. See the
    result with policy compare.
    """
    if off != (number is None) or off != (share is None):
        raise BadUse("write NUMBER and --share, as in: challenge wuliudai 3 --share 10%; or --off")
    if off or number is None or share is None:
        settings = beside.end_challenge(open_store(), product, name, now())
        said = f"the active release of {product} decides for everybody"
    else:
        parts = read_share(share)
        settings = beside.challenge(open_store(), product, number, parts, name, now())
        said = f"release {number} of {product} decides for {parts / 100:g}% of the merchants"
    _tell(settings, said, as_json)


@click.command("stop", short_help="Let everything refer, at once.")
@click.argument("product")
@by_option("Who stops it.")
@why_option()
@AS_JSON
def stop(product: str, name: str, why: str, as_json: bool) -> None:
    """Stop PRODUCT: within a second every decision refers, with the reason PRODUCT_STOPPED.

    Records keep the trace as it was judged. Whitelists that are built meanwhile refer everybody.
    """
    settings = beside.stop(open_store(), product, name, why, now())
    _tell(settings, f"{product} is stopped: every decision refers", as_json)


@click.command("resume", short_help="Let a stopped product decide again.")
@click.argument("product")
@by_option("Who lets it decide again.")
@why_option(required=False)
@AS_JSON
def resume(product: str, name: str, why: str | None, as_json: bool) -> None:
    """Let the active release of PRODUCT decide again."""
    settings = beside.resume(open_store(), product, name, now(), why)
    _tell(settings, f"{product} decides again", as_json)


COMMANDS = (shadow, challenge, stop, resume)


def read_share(text: str) -> int:
    """A share in hundredths of a percent. Raises BadShare."""
    found = SHARE.fullmatch(text.strip())
    share = float("nan")
    if found:
        share = float(found[1]) / 100 if found[1] else float(found[2])
    parts = round(share * WHOLE_SHARE) if found else 0
    if not 0 < parts <= WHOLE_SHARE or abs(parts - share * WHOLE_SHARE) > 1e-6:
        raise BadShare(
            f"--share is '{text}'; write a share above 0% and up to 100%, with at most two"
            " decimals, as in 10% or 0.1"
        )
    return parts


def describe_settings(settings: ProductSettings) -> dict[str, object]:
    """As JSON data."""
    return {
        "product": settings.product,
        "stopped": settings.is_stopped,
        "stopped_at": settings.stopped_at and settings.stopped_at.isoformat(),
        "stopped_by": settings.stopped_by,
        "stopped_why": settings.stopped_why,
        "shadow": settings.shadow,
        "challenger": settings.challenger,
        "share": settings.share / WHOLE_SHARE,
        "experiment": settings.experiment,
    }


def _tell(settings: ProductSettings, said: str, as_json: bool) -> None:
    click.echo(json.dumps(describe_settings(settings), ensure_ascii=False) if as_json else said)
