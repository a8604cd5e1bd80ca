"""Which release decides for a merchant: the active one, or, for a drawn share of the merchants, the
challenger.
"""

from __future__ import annotations

from hashlib import blake2b

from app.decisions.ports import Beside
from app.decisions.record import ALONE, CHALLENGER, CHAMPION, Part

ALL = 2.0**64


def draw_part(product: str, merchant_id: str, active: int, beside: Beside | None) -> Part:
    """The part in which the merchant is decided. A challenger that has become the active release
    challenges nobody.
    """
    if beside is None:
        return ALONE
    if beside.challenger is None or beside.challenger == active:
        return Part(is_stopped=beside.is_stopped)
    drawn = place_of(product, merchant_id, beside.experiment) < beside.share
    role = CHALLENGER if drawn else CHAMPION
    return Part(role, beside.experiment, beside.is_stopped)


def place_of(product: str, merchant_id: str, experiment: str) -> float:
    """The merchant's fixed place in [0, 1) of an experiment: whoever lies below a share lies below
    every larger one.
    """
    text = "\n".join((experiment, product, merchant_id)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") / ALL
