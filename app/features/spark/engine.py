"""The engine that CHENGXIN_ENGINE=spark names: settings come in; what a build asks of an engine
goes out.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from app.features.calendar import AsOf
from app.features.engine import Survey
from app.features.kept import Keep, keep_in_tables
from app.features.lake import LakeState
from app.features.rollups import RolledLake
from app.features.spark.blocks import MOST_RECORDS, compute_on_spark
from app.features.spark.connection import SparkConnection
from app.features.spark.rolling import BATCH_WAYBILLS, roll_on_spark
from app.features.spark.session import open_session

DRAFTS = ".spark"  # a folder of the lake's features; what a killed build left there is swept


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """Spark under `master`; with `local` masters on this machine. `most_records` are in a block,
    `batch_waybills` are rolled at a time.
    """

    master: str = "local[*]"
    most_records: int = MOST_RECORDS
    batch_waybills: int = BATCH_WAYBILLS

    name = "spark"

    @contextmanager
    def connect(self, lake: Path, memory_limit_mb: int) -> Iterator[SparkConnection]:
        """A session of its own. Raises SparkMissing."""
        shutil.rmtree(lake / "features" / DRAFTS, ignore_errors=True)  # the caller holds the lock
        scratch = lake / "features" / ".spill"
        connection = SparkConnection(open_session(self.master, memory_limit_mb, scratch))
        try:
            yield connection
        finally:
            connection.close()

    def roll(
        self,
        connection: SparkConnection,
        lake: LakeState,
        as_of: AsOf,
        tell: Callable[[int, int], None],
    ) -> RolledLake:
        """All months that need it at once."""
        with _scratch(lake.folder) as folder:
            return roll_on_spark(connection, lake, as_of, tell, folder, self.batch_waybills)

    def keep(self, connection: SparkConnection, lake: Path) -> Keep:
        """Nothing is kept from one build to the next."""
        return keep_in_tables(connection)

    def compute(self, connection: SparkConnection, survey: Survey) -> Iterator[pa.Table]:
        """All blocks at once; read in their order when all are there."""
        with _scratch(survey.lake.folder) as folder:
            yield from compute_on_spark(connection, survey, folder, self.most_records)


@contextmanager
def _scratch(lake: Path) -> Iterator[Path]:
    """A folder, not there yet, that Spark's workers can write to and that is gone afterwards."""
    drafts = lake / "features" / DRAFTS
    drafts.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=drafts) as folder:
        yield Path(folder) / "scratch"
