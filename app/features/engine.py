"""What a build needs of an engine, as Protocols: something that runs SQL over the lake, rolls its
months, and computes features block by block. DuckDB's is in build.py, Spark's in spark/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from app.features.calendar import AsOf
from app.features.catalogue import FeatureCatalogue
from app.features.columns import Ints
from app.features.kept import Keep
from app.features.lake import LakeState
from app.features.network import Network
from app.features.rollups import RolledLake


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the platform before features are computed: `records[i]` waybills of
    `merchants[i]`, in the order of merchant_id.
    """

    lake: LakeState
    rolled: RolledLake
    as_of: AsOf
    catalogue: FeatureCatalogue
    merchants: list[str]
    records: Ints
    network: Network


class Engine(Protocol):
    """Where a build's SQL runs. A connection understands `execute`, `sql`, `register` and
    `unregister` as DuckDB's does, and DuckDB's SQL.
    """

    @property
    def name(self) -> str:
        """As CHENGXIN_ENGINE calls it; stands in the provenance."""

    def connect(self, lake: Path, memory_limit_mb: int) -> AbstractContextManager[Any]:
        """A connection for one build of the lake in this folder."""

    def roll(
        self, connection: Any, lake: LakeState, as_of: AsOf, tell: Callable[[int, int], None]
    ) -> RolledLake:
        """Bring the rollups up to date; `tell(done, total)` after each step."""

    def keep(self, connection: Any, lake: Path) -> Keep:
        """Where answers stand that are the same every night of a month."""

    def compute(self, connection: Any, survey: Survey) -> Iterator[pa.Table]:
        """The first pass over all merchants (first_pass.py), a table a block, in their order.
        The tables `listed`, `roster`, `conflicts`, `sources`, `words`, `shippers`, `blacklist` and
        `staff` must exist.
        """
