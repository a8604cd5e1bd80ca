"""docs/real-data.md says what its script gives today, and the script's own arithmetic is right."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.real_data import DATA, PAGE, estimate_auc, part_of_page, recreate


@pytest.mark.skipif(not DATA.exists(), reason=f"the real invoices are not here: {DATA}")
def test_page_has_the_numbers_of_the_script() -> None:
    assert part_of_page(PAGE.read_text(encoding="utf-8")) == recreate()


def test_auc_counts_pairs_and_ties_half() -> None:
    # pairs won: 2 of 2, 1.5 of 2, 0 of 2
    auc, low, high = estimate_auc(np.array([90.0, 70.0, 10.0]), np.array([70.0, 60.0]))
    assert auc == pytest.approx(3.5 / 6)
    # shares won have the variances 13/48 (1, 3/4, 0) and 1/72 (1/2, 2/3)
    assert high - auc == pytest.approx(min(1.96 * (13 / 48 / 3 + 1 / 72 / 2) ** 0.5, 1 - auc))
    assert low == pytest.approx(max(0.0, auc - 1.96 * (13 / 48 / 3 + 1 / 72 / 2) ** 0.5))
