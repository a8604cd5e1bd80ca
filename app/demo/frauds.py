"""Merchants come in; which of them cheat, how, how much and since when goes out.

The kinds are those of the features that are to find them. Strengths reach from what no threshold
notices to what nobody overlooks. Months are integers, as everywhere in this room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OPEN = 10**6  # the month in which a fraud ends that goes on
SEVERAL_SHARE = 0.08  # of cheats who cheat in a second way too
ENDED_SHARE = 0.10  # of frauds that ended before the plan does
RECENT_SHARE = 0.25  # of frauds that began within the last year
SMALLEST_WITH_ALL = 400  # merchants, from which on every kind is planted at least once


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of cheating: `share` of the portfolio in percent; `strength` from weak to strong, which
    says how much of the merchant's trade it is unless `means` says otherwise; how many merchants
    do it together; how many bills a month it takes; `span`: whole trade, recent months only, or
    the plan's last month.
    """

    name: str
    share: float
    strength: tuple[float, float]
    means: str = "share of bills"
    group: tuple[int, int] = (1, 1)
    least_bills: float = 4.0
    span: str = "since"


KINDS = (
    Kind("self_deal", 0.6, (0.04, 0.45)),
    Kind("reciprocal", 0.6, (0.12, 0.70), group=(2, 2)),
    Kind("ring", 0.6, (0.08, 0.60), group=(3, 20), least_bills=8.0, span="recent"),
    Kind("shared_phone", 0.4, (1.0, 1.0), "all bills", group=(3, 8), span="always"),
    Kind("shared_card", 0.4, (1.0, 1.0), "all bills", group=(3, 8), span="always"),
    Kind("captive", 0.5, (0.40, 0.95)),
    Kind("fresh", 0.5, (0.20, 0.90), span="recent"),
    Kind("round", 0.6, (0.15, 0.85)),
    Kind("benford", 0.5, (0.30, 1.00), least_bills=32.0),
    Kind("spike", 0.6, (1.6, 5.0), "times the usual number of bills", span="last"),
    Kind("night", 0.5, (0.10, 0.60)),
    Kind("freight_outlier", 0.5, (0.06, 0.50)),
    Kind("fee_outlier", 0.5, (0.06, 0.50)),
    Kind("edit_up", 0.6, (0.03, 0.45)),
    Kind("too_fast", 0.5, (0.10, 0.70)),
    Kind("duplicate", 0.5, (0.03, 0.18)),
    Kind("duplicate_suspect", 0.4, (0.03, 0.20)),
    Kind("void", 0.4, (0.06, 0.25)),
    Kind("reset", 0.4, (0.01, 0.06)),
    Kind("outlet_related", 0.4, (1.0, 1.0), "all bills", span="always"),
    Kind("blacklist", 0.4, (0.03, 0.50)),
)
KIND_NAMES = tuple(kind.name for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Frauds:
    """What is planted, a row a merchant and kind; `groups`: equal for those who do it together.

    `count` merchants are in the portfolio. A fraud holds in the months since ≤ month < until.
    """

    count: int
    kinds: Ints
    merchants: Ints
    since: Ints
    until: Ints
    strengths: Floats
    groups: Ints

    def rows_of(self, kind: str) -> Ints:
        """The rows of a kind, members of a group one after the other."""
        return np.flatnonzero(self.kinds == KIND_NAMES.index(kind))

    def rank_of(self, kind: str) -> Ints:
        """For each merchant its number among those of the kind; -1 for the others."""
        ranks = np.full(self.count, -1)
        rows = self.rows_of(kind)
        ranks[self.merchants[rows]] = np.arange(len(rows))
        return ranks

    def strengths_in(self, kind: str, month: int) -> Floats:
        """For each merchant the strength of the kind in a month; 0 where there is none."""
        found = np.zeros(self.count)
        rows = self.rows_of(kind)
        rows = rows[(self.since[rows] <= month) & (month < self.until[rows])]
        found[self.merchants[rows]] = self.strengths[rows]
        return found

    def next_in_group(self, kind: str) -> Ints:
        """For each merchant who follows it in its group, the first after the last; itself without
        a group.
        """
        following = np.arange(self.count)
        rows = self.rows_of(kind)
        for group in np.unique(self.groups[rows]):
            members = self.merchants[rows[self.groups[rows] == group]]
            following[members] = np.roll(members, -1)
        return following

    def first_in_group(self, kind: str) -> Ints:
        """For each merchant the first of its group; itself without one."""
        first = np.arange(self.count)
        rows = self.rows_of(kind)
        for group in np.unique(self.groups[rows]):
            members = self.merchants[rows[self.groups[rows] == group]]
            first[members] = members[0]
        return first


def plant_frauds(bills: Floats, can_cheat: NDArray[np.bool_], seed: int, end: int) -> Frauds:
    """Choose the cheats among those who can: `bills` a month of each merchant. A merchant has one
    kind; a few have a second one that takes nobody else.
    """
    rng = np.random.default_rng([seed, 6])
    count = len(bills)
    free = can_cheat.copy()
    order = rng.permutation(count)
    found: list[tuple[int, int, int, int, float, int]] = []
    group = 0
    for number, kind in enumerate(KINDS):
        for members in _choose_groups(kind, rng, order, free, bills):
            free[members] = False
            since, until = _choose_span(kind, rng, end)
            low, high = kind.strength
            strength = round(float(low + (high - low) * rng.beta(1.4, 1.5)), 3)
            found += [(number, member, since, until, strength, group) for member in members]
            group += 1
    found += _add_second(found, rng, bills, end, group)
    rows = np.array(found, dtype=object).reshape(-1, 6).T
    kinds, merchants, since_, until_, strengths, groups = rows
    return Frauds(
        count,
        kinds.astype(np.int64),
        merchants.astype(np.int64),
        since_.astype(np.int64),
        until_.astype(np.int64),
        strengths.astype(np.float64),
        groups.astype(np.int64),
    )


def _choose_groups(
    kind: Kind,
    rng: np.random.Generator,
    order: Ints,
    free: NDArray[np.bool_],
    bills: Floats,
) -> list[list[int]]:
    """Groups of merchants for a kind, about its share of the portfolio."""
    wanted = kind.share * len(order) / 100
    candidates = order[free[order] & (bills[order] >= kind.least_bills)]
    candidates = np.roll(candidates, -int(rng.integers(0, max(1, len(candidates)))))
    groups: list[list[int]] = []
    taken = 0
    while wanted > taken:
        least, most = kind.group
        # Small groups are commoner than large ones.
        size = least + int((most - least + 1) * rng.random() ** 2)
        # The last one may be left out, so that small portfolios have their share on average.
        is_needed = not groups and len(order) >= SMALLEST_WITH_ALL
        is_left_out = rng.random() > (wanted - taken) / size and not is_needed
        if taken + size > len(candidates) or is_left_out:
            break
        groups.append([int(member) for member in candidates[taken : taken + size]])
        taken += size
    return groups


def _choose_span(kind: Kind, rng: np.random.Generator, end: int) -> tuple[int, int]:
    if kind.span == "always":
        return -OPEN, OPEN
    if kind.span == "last":
        return end, end + 1
    is_recent = kind.span == "recent" or rng.random() < RECENT_SHARE
    months = int(rng.integers(3, 12) if is_recent else rng.integers(12, 36))
    if months > 5 and rng.random() < ENDED_SHARE:
        return end + 1 - months, end + 1 - int(rng.integers(1, months - 2))
    return end + 1 - months, OPEN


def _add_second(
    found: list[tuple[int, int, int, int, float, int]],
    rng: np.random.Generator,
    bills: Floats,
    end: int,
    group: int,
) -> list[tuple[int, int, int, int, float, int]]:
    alone = [n for n, kind in enumerate(KINDS) if kind.group == (1, 1) and kind.span != "always"]
    added: list[tuple[int, int, int, int, float, int]] = []
    for first, member, *_ in found:
        if rng.random() >= SEVERAL_SHARE:
            continue
        number = int(rng.choice(alone))
        kind = KINDS[number]
        if number == first or bills[member] < kind.least_bills:
            continue
        since, until = _choose_span(kind, rng, end)
        low, high = kind.strength
        strength = round(float(low + (high - low) * rng.beta(1.4, 1.5)), 3)
        added.append((number, member, since, until, strength, group + len(added)))
    return added
