"""Parties: what the whole platform and the lists of known parties say of a block's merchants comes
in; columns on trade in circles, shared phones and cards, captive and fresh customers go out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from app.features.blocks import Block, block_values
from app.features.columns import Bools, Column, Ints, divide, make_column
from app.features.network import Network
from app.features.reference import References
from app.features.sql_text import render_sql


@dataclass(frozen=True, slots=True)
class Parties:
    """`sums` as in Network; `parties` of M1–M12, how many of them are `listed` on the blacklist of
    `blacklisted` entries, and who is `related` to carriers' staff; all of shape (merchants,).

    `has_blacklist` and `has_staff`: whether there is such a list; `is_young`: whether the platform
    is too young to tell who is new to it.
    """

    sums: dict[str, Ints]
    is_young: bool
    has_blacklist: bool
    has_staff: bool
    blacklisted: int
    parties: Ints
    listed: Ints
    related: Bools


def read_parties(
    connection: duckdb.DuckDBPyConnection,
    network: Network,
    references: References,
    block: Block,
    begin: int,
) -> Parties:
    """What is known of the parties of a block that was just read on this connection and begins at
    place `begin`. The tables `shippers`, `blacklist` and `staff` must exist.
    """
    end = begin + len(block.merchants)
    values = block_values(block.as_of, begin, end)

    def fetch(name: str) -> pa.Table:
        return connection.sql(render_sql(name, values)).to_arrow_table()

    return make_parties(fetch, network.cut(begin, end), network.begun_on, references, block)


def make_parties(
    fetch: Callable[[str], pa.Table],
    sums: dict[str, Ints],
    begun_on: date | None,
    references: References,
    block: Block,
) -> Parties:
    """What is known of the parties of a block, where `fetch(name)` is what the SQL file of this
    name gave and `sums` are the network's of these merchants.
    """
    size, as_of = len(block.merchants), block.as_of
    parties, listed, related = (np.zeros(size, np.int64) for _ in range(3))

    def fill(name: str, **columns: Ints) -> None:
        found = fetch(name)
        for column, target in columns.items():
            target[found.column("place").to_numpy()] = found.column(column).to_numpy()

    if references.blacklist is not None:
        fill("block_listed", parties=parties, listed=listed)
    if references.staff is not None:
        fill("block_related", related=related)
    blacklist = references.blacklist
    return Parties(
        sums=sums,
        is_young=begun_on is None or begun_on > as_of.newcomers_from,
        has_blacklist=blacklist is not None,
        has_staff=references.staff is not None,
        blacklisted=len(blacklist.in_force(as_of)) if blacklist is not None else 0,
        parties=parties,
        listed=listed,
        related=related > 0,
    )


def party_features(block: Block, found: Parties) -> dict[str, Column]:
    """domain.md 3, Fraud: 47–51, 60. They depend on other merchants' waybills too."""
    sums, amount_fen = found.sums, block.sum_months("amount_fen", 12)
    recent_fen = sums["recent_fen"]
    size = len(block.merchants)
    return {
        "reciprocal_share": make_column(
            divide(sums["reciprocal_fen"], amount_fen), baseless=amount_fen == 0
        ),
        "ring_share": make_column(divide(sums["ring_fen"], recent_fen), baseless=recent_fen == 0),
        "shared_phone_merchants": make_column(
            sums["phone_sharers"], lacking=block.routes["phones"] == 0
        ),
        "shared_card_merchants": make_column(
            sums["card_sharers"], lacking=block.routes["cards"] == 0
        ),
        "captive_share": make_column(
            divide(sums["captive_fen"], amount_fen), baseless=amount_fen == 0
        ),
        "fresh_party_share_90d": make_column(
            divide(sums["fresh_fen"], recent_fen),
            short=np.full(size, found.is_young),
            baseless=recent_fen == 0,
        ),
        "blacklist_jaccard": make_column(
            divide(found.listed, found.parties + found.blacklisted - found.listed),
            lacking=np.full(size, not found.has_blacklist),
            baseless=found.parties == 0,
        ),
        "outlet_related": make_column(found.related, lacking=np.full(size, not found.has_staff)),
    }
