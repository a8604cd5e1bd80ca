"""The second pass: a block's table of the first pass and what the whole portfolio says come in; the
block's whole table goes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import orjson
import pyarrow as pa

from app.features.catalogue import FeatureCatalogue
from app.features.columns import KNOWN, REASONS, Column, make_column
from app.features.first_pass import HISTORY, FirstPass, amounts_of
from app.features.growth import trends
from app.features.portfolio import Portfolio
from app.features.scale import usual_months
from app.features.series import make_series
from app.features.stability import variation


def complete_tables(
    catalogue: FeatureCatalogue, first: FirstPass, portfolio: Portfolio
) -> Iterator[pa.Table]:
    """The tables of all merchants in the catalogue's order of columns, a table a block."""
    begin = 0
    for batch in first.batches():
        columns = compute_second(batch, portfolio, begin)
        yield _complete(catalogue, batch, columns)
        begin += batch.num_rows


def compute_second(batch: pa.RecordBatch, found: Portfolio, begin: int) -> dict[str, Column]:
    """The features of the second pass by name; the batch begins at place `begin`."""
    span = slice(begin, begin + batch.num_rows)
    history = batch.column(HISTORY).to_numpy()
    series = make_series(amounts_of(batch), history, found.index[found.lines[span]])
    grown = trends(series)
    yoy = grown["yoy_3m"]
    year_fen = batch.column("cod_amt_12m").to_numpy()
    shares = batch.column("round_share")
    excess = shares.fill_null(0).to_numpy() - found.round_of_peers[span]
    growth = np.where(yoy.reasons == KNOWN, yoy.values - found.yoy_of_peers[span], 0.0)
    none = shares.is_null().to_numpy(zero_copy_only=False)
    return {
        **usual_months(series),
        **variation(series),
        **grown,
        "industry_percentile": make_column(found.percentile[span], baseless=year_fen == 0),
        "rel_growth": Column(growth, yoy.reasons),
        "round_excess": make_column(excess, baseless=none),
    }


def _complete(
    catalogue: FeatureCatalogue, batch: pa.RecordBatch, columns: Mapping[str, Column]
) -> pa.Table:
    arrays = [batch.column("merchant_id")]
    for feature in catalogue.features:
        column = columns.get(feature.name)
        if column is None:
            arrays.append(batch.column(feature.name))
        else:
            unknown = column.reasons != KNOWN
            arrays.append(pa.array(column.values, feature.arrow_type, mask=unknown))
    arrays.append(pa.array(_merge_missing(catalogue, batch.column("missing"), columns)))
    return pa.Table.from_arrays(arrays, schema=catalogue.schema)


def _merge_missing(
    catalogue: FeatureCatalogue, texts: pa.StringArray, columns: Mapping[str, Column]
) -> Sequence[str]:
    """The JSON texts `{feature: reason}` with the reasons of both passes, in the catalogue's order;
    merchants mostly share a few patterns.
    """
    encoded = texts.dictionary_encode()
    names = [name for name in catalogue.names if name in columns]
    own = [orjson.loads(text) for text in encoded.dictionary.to_pylist()]
    patterns = encoded.indices.to_numpy().astype(np.int64)
    for name in names:
        patterns = patterns * len(REASONS) + columns[name].reasons
    numbers, places = np.unique(patterns, return_inverse=True)
    merged = []
    for number in numbers.tolist():
        codes = []
        for _ in names:
            number, code = divmod(number, len(REASONS))
            codes.append(code)
        told = dict(own[number])
        pairs = zip(reversed(names), codes, strict=True)
        told |= {name: REASONS[code] for name, code in pairs if code}
        ordered = {name: told[name] for name in catalogue.names if name in told}
        merged.append(orjson.dumps(ordered).decode())
    return [merged[place] for place in places.tolist()]
