"""Axes that people can read, and labels that fit."""

from __future__ import annotations

import pytest

from app.comparisons.charts import bar_chart, width_of
from app.fitting.plots import Column, bin_chart, ticks


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (396, 627, [400, 450, 500, 550, 600]),
     (0, 262, [0, 50, 100, 150, 200, 250]), (-3, 3, [-2, 0, 2]), (7, 7, [7])],
)  # fmt: skip
def test_ticks_are_round(low: float, high: float, found: list[float]) -> None:
    assert ticks(low, high) == found


def test_long_names_are_shortened_and_written_values_fit() -> None:
    name = "一个很长很长很长很长很长很长很长很长很长的名字" * 2
    page = bar_chart("t", [(name, 1.0, "#000", "4.4644 显著漂移 large")])
    assert f"<title>{name}</title>" in page and "…" in page
    start = float(page.split('rx="2"')[1].split('<text x="')[1].split('"')[0])
    assert start + width_of("4.4644 显著漂移 large") <= 760


def test_codes_and_missing_are_not_joined_to_the_line() -> None:
    bins = [Column("< 1", 0.4, 0.3, True), Column(">= 1", 0.4, 0.1, True),
            Column("-9", 0.2, 0.5, False), Column("missing", 0.0, None, False)]  # fmt: skip
    page = bin_chart(bins, 0.25)
    assert page.count("<circle") == 3
    assert len(page.split('<polyline points="')[1].split('"')[0].split(" ")) == 2
