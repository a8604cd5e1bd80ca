"""What a merchant is grouped by: a block's leading words come in, columns with its industry and its
region go out.
"""

from __future__ import annotations

from app.features.blocks import Block
from app.features.columns import Column, make_column

LEAST_PART = 3  # the main one holds at least a third of the whole


def segment_features(block: Block) -> dict[str, Column]:
    """The industry (by COD amount) and the region (by bills) of M1–M12."""
    return {"industry": _lead(block, "category"), "origin_region": _lead(block, "origin")}


def _lead(block: Block, name: str) -> Column:
    summary, words = block.year.whole["summary"], block.year.words[name]
    part, whole = summary[f"{name}_part"], summary[f"{name}_whole"]
    # Not part × 3, which could pass 2^63; a part is whole, so rounding up the third is exact.
    least = whole // LEAST_PART + (whole % LEAST_PART > 0)
    return make_column(words, lacking=words == "", baseless=(whole <= 0) | (part < least))
