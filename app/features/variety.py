"""Variety: how a merchant's trade was spread over carriers, goods and towns comes in; how much that
moved between the two halves of a year, and how mixed it is, go out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import Block, Halves
from app.features.columns import Column, Floats, Ints, divide, make_column
from app.features.series import History

CARRIER, CATEGORY = 1, 3  # kinds as in block_parts.sql


def variety_features(block: Block, history: History) -> dict[str, Column]:
    """domain.md 3, Stability: 29–31 and 35."""
    size, attributes, routes = len(block.merchants), block.attributes, block.routes
    short = history.shorter_than(7)
    carriers, categories = block.halves.of(CARRIER), block.halves.of(CATEGORY)
    now_fen, then_fen = (_sum(carriers.place, fen, size) for fen in (carriers.now, carriers.then))
    category_fen = _sum(categories.place, categories.now + categories.then, size)
    identities = routes["names"], routes["phones"]
    changes = sum(np.maximum(count - 1, 0) for count in identities)
    norms = np.sqrt(routes["now_now"].astype(np.float64) * routes["then_then"])
    return {
        "carrier_switch_6m": make_column(
            1 - _overlap(carriers, now_fen, then_fen),
            short=short,
            lacking=attributes["carriers"] == 0,
            baseless=(now_fen == 0) | (then_fen == 0),
        ),
        "category_entropy": make_column(
            _entropy(categories, category_fen),
            lacking=attributes["categories"] == 0,
            baseless=category_fen == 0,
        ),
        "route_cosine": make_column(
            np.minimum(divide(routes["now_then"], norms), 1.0),
            short=short,
            lacking=attributes["destinations"] == 0,
            baseless=norms == 0,
        ),
        "identity_changes_12m": make_column(
            np.asarray(changes, np.int64), lacking=(identities[0] == 0) & (identities[1] == 0)
        ),
    }


def _sum(place: Ints, amounts: Ints, size: int) -> Ints:
    total = np.zeros(size, np.int64)
    np.add.at(total, place, amounts)
    return total


def _overlap(carriers: Halves, now_fen: Ints, then_fen: Ints) -> Floats:
    """Σ min(share now, share then) over carriers."""
    place = carriers.place
    common = np.minimum(
        divide(carriers.now, now_fen[place]), divide(carriers.then, then_fen[place])
    )
    total = np.zeros(len(now_fen), np.float64)
    np.add.at(total, place, common)  # in the order of the rows, whatever the block
    return np.minimum(total, 1.0)


def _entropy(categories: Halves, total_fen: Ints) -> Floats:
    """−Σ p·ln p over categories, p by amount (C. E. Shannon, 1948)."""
    share = divide(categories.now + categories.then, total_fen[categories.place])
    terms = -share * np.log(np.where(share > 0, share, 1.0))
    total = np.zeros(len(total_fen), np.float64)
    np.add.at(total, categories.place, terms)
    return total + 0.0  # no minus zero
