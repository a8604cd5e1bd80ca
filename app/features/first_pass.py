"""The first pass: what a block of merchants tells by itself comes in as columns; a table goes out,
and all of them into one file that the second pass reads.

Such a table has the features that depend on no other merchant's sales, and beside them what those
of the second pass are made of: the months' amounts and the length of history.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from app.features.blocks import Block
from app.features.catalogue import FeatureCatalogue
from app.features.columns import NO_BASE, Column, Ints
from app.features.content import make_table
from app.features.series import History

MONTHS, HISTORY, MIXED = "_months_fen", "_history", "_is_mixed"
_BESIDE = (
    pa.field(MONTHS, pa.list_(pa.int64())),
    pa.field(HISTORY, pa.int64()),
    pa.field(MIXED, pa.bool_()),  # has goods categories, and none of them leads
)


def first_schema(catalogue: FeatureCatalogue) -> pa.Schema:
    """The columns of a table of the first pass."""
    return pa.schema([*catalogue.of_first_pass().schema, *_BESIDE])


def make_first(
    catalogue: FeatureCatalogue,
    merchants: Sequence[str],
    columns: Mapping[str, Column],
    block: Block,
    history: History,
) -> pa.Table:
    """The table of a block: its features of the first pass, and what the second needs."""
    amounts = block.months["amount_fen"]
    offsets = np.arange(len(merchants) + 1, dtype=np.int32) * np.int32(amounts.shape[1])
    found = make_table(catalogue.of_first_pass(), merchants, columns)
    beside = (
        pa.ListArray.from_arrays(
            pa.array(offsets), pa.array(np.ascontiguousarray(amounts).ravel())
        ),
        pa.array(history.history, pa.int64()),
        pa.array(columns["industry"].reasons == NO_BASE),
    )
    return pa.Table.from_arrays([*found.columns, *beside], schema=first_schema(catalogue))


def amounts_of(batch: pa.RecordBatch) -> Ints:
    """The months' amounts of a block, of shape (merchants, months), in fen."""
    amounts: Ints = batch.column(MONTHS).flatten().to_numpy().reshape(batch.num_rows, -1)
    return amounts


class FirstPass:
    """The tables of the first pass in a file of their own, a batch a block, for as long as a build
    needs them; memory stays that of a block.
    """

    def __init__(self, folder: Path, catalogue: FeatureCatalogue) -> None:
        self.merchants = 0
        self._path = folder / f".{os.getpid()}.first.arrow"
        self._writer = pa.ipc.new_file(self._path, first_schema(catalogue))

    def __enter__(self) -> FirstPass:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def add(self, table: pa.Table) -> None:
        """Write the next merchants."""
        for batch in table.combine_chunks().to_batches():
            self._writer.write_batch(batch)
        self.merchants += table.num_rows

    def finish(self) -> None:
        """No more merchants come; from now on they can be read."""
        self._writer.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All merchants in their order; columns that nobody looks at are not even read."""
        with pa.memory_map(str(self._path)) as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                yield file.get_batch(number)
