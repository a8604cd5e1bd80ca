"""The content of a snapshot: columns of a block come in; Arrow tables, texts for look-up, and one
hash over all blocks go out.

The hash is over values and reasons, not over Parquet's bytes, and each column is hashed by itself,
so that it depends neither on where blocks were cut nor on the version of a library.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import orjson
import pyarrow as pa

from app.features.catalogue import FeatureCatalogue
from app.features.columns import KNOWN, REASONS, Column
from app.features.ports import FeatureTexts


def make_table(
    catalogue: FeatureCatalogue, merchants: Sequence[str], columns: Mapping[str, Column]
) -> pa.Table:
    """One block as an Arrow table in the catalogue's order."""
    arrays = [pa.array(merchants, pa.string())]
    for feature in catalogue.features:
        column = columns[feature.name]
        unknown = column.reasons != KNOWN
        arrays.append(pa.array(column.values, feature.arrow_type, mask=unknown))
    reasons = np.stack([columns[name].reasons for name in catalogue.names], axis=1)
    arrays.append(pa.array(_tell_missing(catalogue.names, reasons), pa.string()))
    return pa.Table.from_arrays(arrays, schema=catalogue.schema)


def _tell_missing(names: Sequence[str], reasons: np.ndarray) -> list[str]:
    """Per merchant the JSON text `{feature: reason}`; merchants mostly share a few patterns."""
    told: dict[bytes, str] = {}
    texts = []
    for row in reasons:
        key = row.tobytes()
        if key not in told:
            found = {name: REASONS[code] for name, code in zip(names, row, strict=True) if code}
            told[key] = orjson.dumps(found).decode()
        texts.append(told[key])
    return texts


class ContentHash:
    """A running SHA-256 over the columns of the tables added, in the order of merchants."""

    def __init__(self) -> None:
        self._columns: dict[str, hashlib._Hash] = {}

    def add(self, table: pa.Table) -> None:
        """Take in the next merchants."""
        for name in table.column_names:
            column = table.column(name)
            if pa.types.is_string(column.type):
                texts = "".join(f"{text}\n" for text in column.fill_null("").to_pylist())
                self._of(name).update(texts.encode())
                continue
            unknown = False if pa.types.is_boolean(column.type) else 0
            values = column.fill_null(unknown).to_numpy()
            self._of(name).update(values.astype(values.dtype.newbyteorder("<")).tobytes())
            self._of(f"{name} is null").update(column.is_null().to_numpy().astype("u1").tobytes())

    def _of(self, name: str) -> hashlib._Hash:
        return self._columns.setdefault(name, hashlib.sha256())

    def hexdigest(self) -> str:
        """The hash over all columns by name and order."""
        parts = [f"{name} {found.hexdigest()}\n" for name, found in self._columns.items()]
        return hashlib.sha256("".join(parts).encode()).hexdigest()


def iter_texts(table: pa.Table) -> Iterator[FeatureTexts]:
    """(merchant_id, values_json, missing_json) of each merchant; money in fen, floats in their
    shortest form.
    """
    names = table.column_names[1:-1]
    merchants = table.column(0).to_pylist()
    missing = table.column(table.num_columns - 1).to_pylist()
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    for merchant_id, values, reasons in zip(merchants, rows, missing, strict=True):
        yield merchant_id, orjson.dumps(dict(zip(names, values, strict=True))).decode(), reasons
