"""What a merchant is grouped by: a block's main words come in, columns with its industry and its
region go out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import Block, Main
from app.features.columns import Column, make_column

LEAST_PART = 3  # the main one holds at least a third of the whole


def segment_features(block: Block) -> dict[str, Column]:
    """The industry (by COD amount) and the region (by bills) of M1–M12."""
    size = len(block.merchants)
    return {
        "industry": _lead(block.main_categories, size),
        "origin_region": _lead(block.main_origins, size),
    }


def _lead(main: Main, size: int) -> Column:
    words = np.full(size, "", object)
    part, whole = np.zeros(size, np.int64), np.zeros(size, np.int64)
    words[main.place] = main.words
    part[main.place], whole[main.place] = main.part, main.whole
    lacking = np.ones(size, bool)
    lacking[main.place] = False
    # Not part × 3, which could pass 2^63; a part is whole, so rounding up the third is exact.
    least = whole // LEAST_PART + (whole % LEAST_PART > 0)
    return make_column(words, lacking=lacking, baseless=(whole <= 0) | (part < least))
