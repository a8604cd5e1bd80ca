"""How features relative to the industry are traced: domain.md 3, 16, 45 and 52. A merchant's own
part comes from its waybills, its peers' from the snapshot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow.compute as pc

from app.features.peers import LEAST_PEERS
from app.features.tracing.rows import Own
from app.features.tracing.traced import Trace, Traced, median, settle


def peer_traces(traces: Mapping[str, Trace]) -> dict[str, Trace]:
    """By feature; `traces` has those of the features that peers are compared by."""
    return {
        "industry_percentile": _against("cod_amt_12m", traces, _rank),
        "rel_growth": _against("yoy_3m", traces, lambda own, peers: own - median(peers)),
        "round_excess": _against("round_share", traces, _above_mean),
    }


def _rank(own: float, peers: list[float]) -> float:
    """The share of peers below, those with the same value counting half."""
    below = sum(value < own for value in peers)
    alike = sum(value == own for value in peers)
    return (2 * below + alike) / (2 * len(peers))


def _above_mean(own: float, peers: list[float]) -> float:
    return own - math.fsum(peers) / len(peers)


def _against(
    name: str, traces: Mapping[str, Trace], compare: Callable[[float, list[float]], float]
) -> Trace:
    def trace(own: Own) -> Traced:
        traced = traces[name](own)
        value, reason = traced.value, traced.reason
        industry, peers = _read_peers(own, name)
        traced.numbers |= {
            f"own_{name}": value,
            "peers": len(peers),
            "peers_of": industry if industry is not None else "all merchants",
            f"median_{name}_of_peers": median(peers) if peers else None,
            f"mean_{name}_of_peers": math.fsum(peers) / len(peers) if peers else None,
        }
        traced.value = None
        if reason is not None:
            return traced
        none = name == "cod_amt_12m" and value == 0
        return settle(traced, lambda: compare(value, peers), baseless=none)

    return trace


def _read_peers(own: Own, name: str) -> tuple[str | None, list[float]]:
    """The known values of the merchants of the industry in the snapshot, its own among them; those
    of all merchants, and None, where they are too few.
    """
    table: Any = own.read_snapshot([name, "industry"])
    known = pc.is_valid(table.column(name))
    if name == "cod_amt_12m":
        known = pc.and_(known, pc.greater(table.column(name), 0))
    table = table.filter(known)
    if own.industry is not None:
        alike = table.filter(pc.equal(table.column("industry"), own.industry))
        if alike.num_rows >= LEAST_PEERS:
            return own.industry, alike.column(name).to_pylist()
    return None, table.column(name).to_pylist()
