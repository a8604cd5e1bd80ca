"""What holds for a product beside its active release: stopped or not, a release in its shadow, a
challenger for a share of the merchants. A step comes in; the product's settings and an event go
out.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.policies.release_checks import (
    check_whole,
    choose,
    noting_refusals,
    read_name,
    read_words,
)
from app.policies.release_records import (
    APPROVED,
    OF_THE_PRODUCT,
    PLANNED,
    PUBLISHED,
    RETIRED,
    ProductSettings,
    Release,
    ReleaseEvent,
    ReleaseRefused,
    ReleaseStore,
    active_release,
)

WHOLE_SHARE = 10_000  # shares are kept in hundredths of a percent


def stop(store: ReleaseStore, product: str, actor: str, why: str, at: datetime) -> ProductSettings:
    """From now on every decision of the product refers. Raises ReleaseRefused where it is stopped
    already, or there is no such product.
    """
    with noting_refusals(store, product, None, "stop", actor, at):
        actor, why = read_name("--by", actor), read_words("--why", why)
        with store.alone(product):
            _check_product(store, product)
            settings = store.settings_of(product)
            if settings.is_stopped:
                by, words = settings.stopped_by, settings.stopped_why
                raise ReleaseRefused(f"{product} was stopped by {by} already: {words}")
            stopped = replace(settings, stopped_at=at, stopped_by=actor, stopped_why=why)
            _set(store, stopped, OF_THE_PRODUCT, "stopped", actor, at, {"why": why})
    return stopped


def resume(
    store: ReleaseStore, product: str, actor: str, at: datetime, why: str | None = None
) -> ProductSettings:
    """Let the product's active release decide again. Raises ReleaseRefused where it is not
    stopped.
    """
    with noting_refusals(store, product, None, "resume", actor, at):
        actor = read_name("--by", actor)
        why = None if why is None else read_words("--why", why)
        with store.alone(product):
            _check_product(store, product)
            settings = store.settings_of(product)
            if not settings.is_stopped:
                raise ReleaseRefused(f"{product} is not stopped; there is nothing to resume")
            detail = {"stopped_by": settings.stopped_by, **({"why": why} if why else {})}
            resumed = replace(settings, stopped_at=None, stopped_by=None, stopped_why=None)
            _set(store, resumed, OF_THE_PRODUCT, "resumed", actor, at, detail)
    return resumed


def set_shadow(
    store: ReleaseStore, product: str, number: int | None, actor: str, at: datetime
) -> ProductSettings:
    """Let a published or approved release run in the shadow of the active one; None: no release.

    Raises ReleaseRefused.
    """
    with noting_refusals(store, product, number, "shadow", actor, at):
        actor = read_name("--by", actor)
        with store.alone(product):
            _check_product(store, product)
            settings = store.settings_of(product)
            if number is None:
                if settings.shadow is None:
                    raise ReleaseRefused(f"no release runs in the shadow of {product}")
                return _end_shadow(store, settings, actor, at, {})
            allowed = (PUBLISHED, APPROVED, PLANNED, RETIRED)
            release = _choose_beside(store, product, number, allowed, "run", at)
            if settings.shadow == number:
                raise ReleaseRefused(f"{release} runs in the shadow already")
            if settings.shadow is not None:
                settings = _end_shadow(store, settings, actor, at, {"for": number})
            detail = {"sha256": release.sha256, "evidence": release.evidence_sha256}
            settings = replace(settings, shadow=number)
            _set(store, settings, number, "shadow_on", actor, at, detail)
    return settings


def challenge(
    store: ReleaseStore, product: str, number: int, share: int, actor: str, at: datetime
) -> ProductSettings:
    """Let an approved release decide for a share of the merchants (in hundredths of a percent).

    Another share for the challenger that is there keeps the draw: whoever was in a smaller share is
    in the larger one. Another release begins a new draw. Raises ReleaseRefused.
    """
    with noting_refusals(store, product, number, "challenge", actor, at):
        actor = read_name("--by", actor)
        if not 0 < share <= WHOLE_SHARE:
            raise ReleaseRefused("--share must be above 0% and at most 100%; to end it: --off")
        with store.alone(product):
            allowed = (APPROVED, PLANNED, RETIRED)
            release = _choose_beside(store, product, number, allowed, "challenge with", at)
            if release.approved_by is None:
                raise ReleaseRefused(f"{release} was never approved; a challenger has to be")
            if active_release(store.releases_of(product), at) is None:
                raise ReleaseRefused(f"no release of {product} is active that could be challenged")
            settings = store.settings_of(product)
            detail: dict[str, Any] = {"share": share / WHOLE_SHARE, "sha256": release.sha256}
            detail["evidence"] = release.evidence_sha256
            if settings.challenger == number:
                if settings.share == share:
                    raise ReleaseRefused(f"{release} challenges with that share already")
                name = "challenge_share"
                detail |= {"before": settings.share / WHOLE_SHARE}
            else:
                name = "challenge_on"
                if settings.challenger is not None:
                    settings = _end_challenge(store, settings, actor, at, {"for": number})
                settings = replace(settings, experiment=secrets.token_hex(8))
            detail["experiment"] = settings.experiment
            settings = replace(settings, challenger=number, share=share)
            _set(store, settings, number, name, actor, at, detail)
    return settings


def end_challenge(store: ReleaseStore, product: str, actor: str, at: datetime) -> ProductSettings:
    """Let the active release decide for everybody again. Raises ReleaseRefused."""
    with noting_refusals(store, product, None, "challenge", actor, at):
        actor = read_name("--by", actor)
        with store.alone(product):
            _check_product(store, product)
            settings = store.settings_of(product)
            if settings.challenger is None:
                raise ReleaseRefused(f"no release challenges the active one of {product}")
            return _end_challenge(store, settings, actor, at, {})


def end_beside(
    store: ReleaseStore,
    product: str,
    number: int,
    actor: str,
    at: datetime,
    why: str,
    only_challenge: bool = False,
) -> None:
    """End what a release does beside the active one, because of a step that it took. Only inside
    `alone`.
    """
    settings = store.settings_of(product)
    if settings.challenger == number:
        settings = _end_challenge(store, settings, actor, at, {"why": why})
    if settings.shadow == number and not only_challenge:
        _end_shadow(store, settings, actor, at, {"why": why})


def _end_shadow(
    store: ReleaseStore,
    settings: ProductSettings,
    actor: str,
    at: datetime,
    detail: dict[str, Any],
) -> ProductSettings:
    number = settings.shadow or OF_THE_PRODUCT
    ended = replace(settings, shadow=None)
    return _set(store, ended, number, "shadow_off", actor, at, detail)


def _end_challenge(
    store: ReleaseStore,
    settings: ProductSettings,
    actor: str,
    at: datetime,
    detail: dict[str, Any],
) -> ProductSettings:
    number = settings.challenger or OF_THE_PRODUCT
    detail = {**detail, "experiment": settings.experiment}
    ended = replace(settings, challenger=None, share=0, experiment=None)
    return _set(store, ended, number, "challenge_off", actor, at, detail)


def _choose_beside(
    store: ReleaseStore,
    product: str,
    number: int,
    allowed: tuple[str, ...],
    verb: str,
    at: datetime,
) -> Release:
    """A whole release that is not the active one. Raises ReleaseRefused."""
    release = choose(store.releases_of(product), product, number, allowed, verb, at)
    check_whole(release)
    return release


def _check_product(store: ReleaseStore, product: str) -> None:
    if product not in store.products():
        known = ", ".join(store.products()) or "none"
        raise ReleaseRefused(
            f"nothing of '{product}' is published; products with releases: {known}"
        )


def _set(
    store: ReleaseStore,
    settings: ProductSettings,
    number: int,
    event: str,
    actor: str,
    at: datetime,
    detail: dict[str, Any],
) -> ProductSettings:
    store.set_settings(settings, ReleaseEvent(settings.product, number, event, actor, at, detail))
    return settings
