"""Variety: how a merchant's trade was spread over carriers, goods and towns comes in; how much that
moved between the two halves of a year, and how mixed it is, go out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import Block
from app.features.columns import Column, divide, make_column
from app.features.series import History


def variety_features(block: Block, history: History) -> dict[str, Column]:
    """domain.md 3, Stability: 29–31 and 35."""
    attributes, routes, year = block.attributes, block.routes, block.year
    short = history.shorter_than(7)
    summary = year.whole["summary"]
    identities = routes["names"], routes["phones"]
    changes = sum(np.maximum(count - 1, 0) for count in identities)
    norms = np.sqrt(routes["now_now"].astype(np.float64) * routes["then_then"])
    return {
        "carrier_switch_6m": make_column(
            1 - year.fractions["carrier_overlap"],
            short=short,
            lacking=attributes["carriers"] == 0,
            baseless=(summary["now_fen"] == 0) | (summary["then_fen"] == 0),
        ),
        "category_entropy": make_column(
            year.fractions["category_entropy"],
            lacking=attributes["categories"] == 0,
            baseless=summary["categories_fen"] == 0,
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
