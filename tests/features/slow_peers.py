"""Seasons and peers once more, slowly: written from the head of the catalogue, sharing no code with
the service.

A merchant is what `slow.compute` works with: its months' amounts, its history, its industry.
"""

from __future__ import annotations

COMPARED = ("industry_percentile", "rel_growth", "round_excess")
