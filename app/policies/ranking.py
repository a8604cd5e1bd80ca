"""The ranked reasons of a block of merchants, from masks: the same order as `pipeline.rank` gives
one merchant.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.policies.pipeline import MOST_SCORE_REASONS, PLACE_OF_UNKNOWN, RANKS
from app.rules.arithmetic import Mask
from app.scoring.compiled import CompiledScorecard

Rows = NDArray[np.intp]


class BlockReasons:
    """Collects reasons of one block (fewer than 2^16 merchants), then ranks them. `numbers`: code →
    its number.
    """

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._masks: dict[int, list[tuple[str, Mask]]] = {}  # by rank, in the order of stages
        self._score: list[tuple[CompiledScorecard, NDArray[np.int8], Mask]] = []

    def add(self, kind: str, code: str, mask: Mask) -> None:
        """A reason of that kind (a key of RANKS) where the mask is set."""
        if not mask.any():
            return
        masks = self._masks.setdefault(RANKS[kind], [])
        if masks and masks[-1][0] == code:
            masks[-1] = (code, masks[-1][1] | mask)
        else:  # a code that comes again later stands later for who has it only there
            masks.append((code, mask))

    def add_score(self, card: CompiledScorecard, bins: NDArray[np.int8], mask: Mask) -> None:
        """The scorecard's reasons where the mask is set."""
        self._score.append((card, bins, mask))

    def rank(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """How many reasons each merchant has, and the numbers of their codes, merchant after
        merchant.
        """
        ordered = [
            (rank, code, mask)
            for rank in sorted(self._masks)
            for code, mask in sorted(self._masks[rank], key=_place_of_unknown)
        ]
        after = frozenset(code for rank, code, _ in ordered if rank > RANKS["score"])
        found = _Found(self._numbers, after if len(self._score) < 2 else frozenset(self._numbers))
        for rank, code, mask in ordered:
            if rank < RANKS["score"]:
                found.add(code, mask)
        for card, bins, explained in self._score:
            found.add_score(card, bins, explained)
        for rank, code, mask in ordered:
            if rank > RANKS["score"]:
                found.add(code, mask)
        return found.by_merchant(count)


def _place_of_unknown(one: tuple[str, Mask]) -> int:
    return PLACE_OF_UNKNOWN.get(one[0], -1)


class _Found:
    """(merchant, code) pairs in order of rank; a code counts once a merchant."""

    def __init__(self, numbers: Mapping[str, int], repeatable: frozenset[str]) -> None:
        self._numbers = numbers
        self._repeatable = repeatable  # codes that may come again after the scorecard's
        self._seen: dict[str, Mask] = {}
        self._merchants: list[NDArray[np.uint16]] = []
        self._codes: list[NDArray[np.int32]] = []

    def add(self, code: str, mask: Mask) -> None:
        before = self._seen.get(code)
        rows = np.flatnonzero(mask if before is None else mask & ~before)
        self._seen[code] = mask if before is None else mask | before
        self._keep(rows, np.full(len(rows), self._numbers[code], np.int32))

    def add_score(self, card: CompiledScorecard, bins: NDArray[np.int8], mask: Mask) -> None:
        """Most points lost first, at most MOST_SCORE_REASONS; codes that a merchant has already are
        left out.
        """
        rows = np.flatnonzero(mask)
        numbers = np.array([self._numbers[code] for code in card.reason_codes], dtype=np.int32)
        again = [place for place, code in enumerate(card.reason_codes) if code in self._seen]
        whole = len(rows) == bins.shape[1]
        for places in card.reason_columns(bins if whole else bins[:, rows], MOST_SCORE_REASONS):
            fresh = places >= 0
            for place in again:
                fresh &= ~((places == place) & self._seen[card.reason_codes[place]][rows])
            self._keep(rows[fresh], numbers[places[fresh]])
            for place, code in enumerate(card.reason_codes):
                if code in self._repeatable:
                    had = np.zeros(len(mask), bool)
                    had[rows[places == place]] = True
                    self._seen[code] = self._seen[code] | had if code in self._seen else had

    def _keep(self, rows: Rows, codes: NDArray[np.int32]) -> None:
        self._merchants.append(rows.astype(np.uint16))
        self._codes.append(codes)

    def by_merchant(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        if not self._merchants:
            return np.zeros(count, np.int64), np.empty(0, np.int32)
        merchants = np.concatenate(self._merchants)
        order = np.argsort(merchants, kind="stable")  # a radix sort: 16 bits
        counts = np.bincount(merchants, minlength=count).astype(np.int64)
        return counts, np.concatenate(self._codes)[order]
