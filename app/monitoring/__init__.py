"""Drift: two feature snapshots and a policy come in; what has moved, and how much of it chance
explains, goes out.

- `psi`       the population stability index of two counts, and what chance alone would give
- `cutting`   columns → counts by bin
- `drift`     inputs, score, rules, tiers, outcomes and limits of two snapshots, compared
- `page`      that as one HTML file
"""
