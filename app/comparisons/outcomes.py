"""A file of what became of loans (merchant_id, defaulted, exposure) comes in; bad rates and losses
of kept, swapped and refused merchants go out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from app.errors import ChengxinError
from app.rules.arithmetic import Fens

COLUMNS = ("merchant_id", "defaulted", "exposure")
TRUTH = {"1": True, "1.0": True, "true": True, "yes": True}
TRUTH |= {"0": False, "0.0": False, "false": False, "no": False}
WARNING = {
    "en": "Outcomes are known only of merchants who were given a loan. Those swapped in were"
    " refused before, so little or nothing is known of them: a rate over the few known ones says"
    " nothing sure about the others.",
    "zh": "只有放过款的商户才有表现数据。新纳入的商户此前被拒绝，其表现未知；"
    "少数已知者的不良率不能代表其余商户。",
}


class BadOutcomes(ChengxinError):
    """The outcomes file cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of each merchant of a snapshot: whether anything is known, whether it defaulted, the exposure
    (fen). `strangers`: rows of merchants whom the snapshot does not have.
    """

    known: NDArray[np.bool_]
    defaulted: NDArray[np.bool_]
    exposures_fen: Fens
    strangers: int


def read_outcomes(path: Path) -> pa.Table:
    """The three columns: merchant_id text, defaulted boolean, exposure fen. Raises BadOutcomes."""
    try:
        table = _read(path)
    except UnicodeDecodeError:
        raise BadOutcomes(f"{path} is not UTF-8; save it as CSV in UTF-8") from None
    except (OSError, pa.ArrowException) as error:
        raise BadOutcomes(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    _check_columns(path, table.column_names)
    try:
        texts = {name: pc.cast(table.column(name), pa.string()).to_pylist() for name in COLUMNS}
    except pa.ArrowException:
        types = ", ".join(f"{name} {table.schema.field(name).type}" for name in COLUMNS)
        raise BadOutcomes(f"{path}: every value must be one text or number, not {types}") from None
    merchants, lines = texts["merchant_id"], range(2, table.num_rows + 2)
    if None in merchants or "" in merchants:
        raise BadOutcomes(f"{path}: a row has no merchant_id")
    if len(set(merchants)) < len(merchants):
        twice = Counter(merchants).most_common(1)[0][0]
        raise BadOutcomes(f"{path}: merchant {twice} stands there twice; give each one row")
    defaulted = [
        _read_truth(path, line, one) for line, one in zip(lines, texts["defaulted"], strict=True)
    ]
    fens = [_read_fen(path, line, one) for line, one in zip(lines, texts["exposure"], strict=True)]
    kinds = {"merchant_id": pa.string(), "defaulted": pa.bool_(), "exposure_fen": pa.int64()}
    values = zip(kinds.values(), (merchants, defaulted, fens), strict=True)
    return pa.table(dict(zip(kinds, (pa.array(v, kind) for kind, v in values), strict=True)))


def _check_columns(path: Path, found: list[str]) -> None:
    """Each column once. Raises BadOutcomes."""
    twice = [name for name in COLUMNS if found.count(name) > 1]
    if twice:
        raise BadOutcomes(f"{path} has the column {twice[0]} twice")
    absent = [name for name in COLUMNS if name not in found]
    if absent:
        there = ", ".join(f"'{name}'" for name in found[:8])
        raise BadOutcomes(
            f"{path} has no column {', '.join(absent)}; it needs {', '.join(COLUMNS)}"
            f" (exposure in yuan), with commas between them; it has {there}"
        )


def _read(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pa.parquet.read_table(path, partitioning=None)
    # every column as text: what is in the others cannot be wrong
    head = pa.csv.open_csv(path).schema.names
    options = pa.csv.ConvertOptions(column_types=dict.fromkeys(head, pa.string()))
    table = pa.csv.read_csv(path, convert_options=options)
    return table.rename_columns([name.strip() for name in table.column_names])


def _read_truth(path: Path, line: int, text: str | None) -> bool:
    value = TRUTH.get((text or "").strip().lower())
    if value is None:
        raise BadOutcomes(f"{path}, row {line}: defaulted is '{text}'; write 1 or 0")
    return value


def _read_fen(path: Path, line: int, text: str | None) -> int:
    try:
        yuan = float(text or "")
    except ValueError:
        yuan = -1.0
    if not 0 <= yuan < 1e13:
        raise BadOutcomes(f"{path}, row {line}: exposure is '{text}'; write yuan, such as 80000.00")
    return round(yuan * 100)


def align_outcomes(table: pa.Table, merchant_ids: pa.Array) -> Outcomes:
    """The outcomes in the order of the snapshot's merchants."""
    places = pc.index_in(merchant_ids, value_set=table.column("merchant_id").combine_chunks())
    known = pc.is_valid(places).to_numpy(zero_copy_only=False)
    rows = pc.fill_null(places, 0).to_numpy(zero_copy_only=False)
    defaulted = table.column("defaulted").to_numpy()
    fens = table.column("exposure_fen").to_numpy()
    if not table.num_rows:
        defaulted, fens = np.zeros(1, bool), np.zeros(1, np.int64)
    strangers = table.num_rows - int(known.sum())
    return Outcomes(known, defaulted[rows] & known, np.where(known, fens[rows], 0), strangers)


def sum_outcomes(
    outcomes: Outcomes, sets: Mapping[str, NDArray[np.bool_]]
) -> dict[str, dict[str, Any]]:
    """Of each set: merchants, known, bad, bad_rate, exposure_fen, loss_fen (exposure of the
    defaulted), loss_rate; a rate of nobody is null.
    """
    found = {}
    for name, mask in sets.items():
        known = mask & outcomes.known
        count, bad = int(known.sum()), int((known & outcomes.defaulted).sum())
        exposure = int(outcomes.exposures_fen[known].sum())
        loss = int(outcomes.exposures_fen[known & outcomes.defaulted].sum())
        found[name] = {
            "merchants": int(mask.sum()),
            "known": count,
            "bad": bad,
            "bad_rate": bad / count if count else None,
            "exposure_fen": exposure,
            "loss_fen": loss,
            "loss_rate": loss / exposure if exposure else None,
        }
    return found
