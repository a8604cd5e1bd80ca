"""A labelled file (CSV or Parquet) comes in; typed columns, the target and the split go out.

Values are taken as the engine would take them: what the catalogue does not let count is missing.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from app.fitting.errors import BadData
from app.fitting.target import read_target
from app.rules.catalogue import Input
from app.rules.fields import NAME
from app.rules.lexer import FUNCTIONS, KEYWORDS
from app.rules.problems import suggest
from app.rules.types import BOOLEAN, MONEY, TEXT, Type

Mask = NDArray[np.bool_]
MOST_WORDS = 200  # distinct texts; a column with more is a name or a number, not a category
RESULTS = ("score", "tier", "limit", "daily_rate", "outcome")  # what stages of a policy give
TRUTH_WORDS = ("false", "true")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may become a characteristic. Numbers: `values` float64 (fen for money). Texts
    and booleans: `values` are places in `words`, -1 unknown. `known`: where a value counts.
    """

    name: str
    of: Type
    direction: str
    family: str | None
    in_catalogue: bool
    values: NDArray[np.float64]
    known: Mask
    words: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.of.kind not in (TEXT, BOOLEAN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said of the file."""

    target: str
    bad_value: str | None = None
    id_column: str | None = None
    exclude: tuple[str, ...] = ()
    date_column: str | None = None
    money_in_yuan: bool = False


@dataclass(slots=True)
class Frame:
    """The file as read. `left_out`: column → why it cannot be a characteristic."""

    path: Path
    sha256: str
    bad: Mask
    ids: NDArray[np.int64] | None  # a number for each distinct id
    dates: NDArray[np.datetime64] | None
    candidates: list[Candidate]
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_frame(path: Path, wanted: Wanted, catalogue: Mapping[str, Input]) -> Frame:
    """Read and check the file. Raises BadData."""
    table = _read(path)
    if not table.num_rows:
        raise BadData(f"{path} has no rows")
    _check_names(path, table, wanted)
    warnings: list[str] = []
    target = table.column(wanted.target).combine_chunks()
    bad = read_target(path, wanted.target, target, wanted.bad_value, warnings)
    ids, dates = _read_ids(table, wanted), _read_dates(table, wanted)
    frame = Frame(path, _hash(path), bad, ids, dates, [], warnings=warnings)
    special = {wanted.target, wanted.id_column, wanted.date_column, *wanted.exclude}
    for name in table.column_names:
        if name in special:
            continue
        array = table.column(name).combine_chunks()
        found = _read_candidate(name, array, catalogue.get(name), wanted, frame)
        if isinstance(found, str):
            frame.left_out[name] = found
        else:
            frame.candidates.append(found)
    if not frame.candidates:
        raise BadData(f"{path} has no column that can be used: {_join(frame.left_out)}")
    return frame


def _read(path: Path) -> pa.Table:
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pa.parquet.read_table(path, partitioning=None)
        if path.suffix.lower() == ".csv":
            options = pa.csv.ConvertOptions(strings_can_be_null=True)
            encoding = pa.csv.ReadOptions(encoding=_encoding_of(path))
            return pa.csv.read_csv(path, encoding, convert_options=options)
    except UnicodeDecodeError:
        raise BadData(f"{path} is neither UTF-8 nor GB18030; save it as UTF-8") from None
    except (OSError, pa.ArrowException) as error:
        raise BadData(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    raise BadData(f"{path}: end the file name in .csv or .parquet")


def _encoding_of(path: Path) -> str:
    """UTF-8, or GB18030 (GBK is a part of it) where the file is not that."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_names(path: Path, table: pa.Table, wanted: Wanted) -> None:
    """Every column stands once, and those that were named stand there."""
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"{path} has the column '{twice[0]}' twice; give each column its own name")
    asked: Sequence[tuple[str, str | None]] = (
        ("--target", wanted.target),
        ("--id", wanted.id_column),
        ("--date-column", wanted.date_column),
        *(("--exclude", name) for name in wanted.exclude),
    )
    for option, name in asked:
        if name is not None and name not in names:
            hint = suggest(name, names) or f"columns are {', '.join(names[:12])}"
            raise BadData(f"{option} {name}: {path} has no column '{name}'; {hint}")
        if option != "--target" and name == wanted.target:
            raise BadData(f"{option} {name}: that column is the target")


def _read_ids(table: pa.Table, wanted: Wanted) -> NDArray[np.int64] | None:
    if wanted.id_column is None:
        return None
    column = table.column(wanted.id_column).combine_chunks()
    if column.null_count:
        raise BadData(
            f"--id {wanted.id_column}: {column.null_count:,} rows have no id; give each row one"
        )
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes: NDArray[np.int64] = encoded.indices.to_numpy().astype(np.int64)
    return codes


def _read_dates(table: pa.Table, wanted: Wanted) -> NDArray[np.datetime64] | None:
    if wanted.date_column is None:
        return None
    column = table.column(wanted.date_column).combine_chunks()
    try:
        if pa.types.is_string(column.type):
            column = pc.utf8_slice_codeunits(column, 0, 10)
        days = pc.cast(column, pa.date32(), safe=False)
    except pa.ArrowException:
        raise BadData(
            f"--date-column {wanted.date_column}: its values are no dates; write them as 2026-10-31"
        ) from None
    if days.null_count:
        raise BadData(f"--date-column {wanted.date_column}: {days.null_count:,} rows have no date")
    dates: NDArray[np.datetime64] = days.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return dates


def _read_candidate(
    name: str, array: pa.Array, known_as: Input | None, wanted: Wanted, frame: Frame
) -> Candidate | str:
    """The column, or why it is left out."""
    if not NAME.fullmatch(name) or name in KEYWORDS or name in FUNCTIONS:
        return (
            "it cannot be the name of an input: a name has letters, digits and _, starts with a"
            " letter, and is no word of the language; rename the column"
        )
    if name in RESULTS:
        return "a policy gives a value of that name itself; rename the column"
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if array.null_count == len(array):
        return "it has no values"
    of = known_as.type if known_as else _infer(array.type)
    if of is None:
        return f"values of type {array.type} are no numbers, texts, or true and false"
    direction = known_as.direction if known_as else "none"
    family = known_as.family if known_as else None
    rest = (name, of, direction, family, known_as is not None)
    if of.kind == BOOLEAN:
        return _read_truth(rest, array)
    if of.kind == TEXT:
        return _read_words(rest, array, frame)
    return _read_numbers(rest, array, wanted, frame)


def _infer(of: pa.DataType) -> Type | None:
    """The type of a column that the catalogue does not have."""
    if pa.types.is_boolean(of):
        return Type("boolean")
    if pa.types.is_integer(of):
        return Type("integer")
    if pa.types.is_floating(of) or pa.types.is_decimal(of):
        return Type("number")
    if pa.types.is_string(of) or pa.types.is_large_string(of):
        return Type("text")
    return None


Rest = tuple[str, Type, str, str | None, bool]


def _read_truth(rest: Rest, array: pa.Array) -> Candidate | str:
    if pa.types.is_integer(array.type):
        values = array.to_numpy(zero_copy_only=False).astype(float)
        if not set(np.unique(values[~np.isnan(values)])) <= {0.0, 1.0}:
            return "the catalogue says that it is true or false, the file has other numbers"
        array = pc.cast(array, pa.bool_())
    if not pa.types.is_boolean(array.type):
        return f"the catalogue says that it is true or false, the file has {array.type}"
    known = pc.is_valid(array).to_numpy(zero_copy_only=False)
    true = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return Candidate(*rest, np.where(known, true.astype(float), -1.0), known, TRUTH_WORDS)


def _read_words(rest: Rest, array: pa.Array, frame: Frame) -> Candidate | str:
    name, of = rest[0], rest[1]
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        return f"the catalogue says that it is a text, the file has {array.type}"
    encoded = array.dictionary_encode()
    words = tuple(encoded.dictionary.to_pylist())
    if words and all(_is_number(word.replace(",", "").strip("'¥￥% ")) for word in words):
        return f"its numbers are written as texts, such as '{words[0]}'; write plain numbers"
    if len(words) > MOST_WORDS:
        numbers = [word for word in words if not _is_number(word)]
        if 0 < len(numbers) < len(words) / 2:
            return f"it has texts among its numbers, such as '{numbers[0]}'; mend them"
        return f"it has {len(words):,} different texts; at most {MOST_WORDS} can be grouped"
    codes = pc.fill_null(encoded.indices, -1).to_numpy().astype(float)
    if of.values is not None:
        strange = [place for place, word in enumerate(words) if word not in of.values]
        outside = np.isin(codes, strange)
        if outside.any():
            frame.warnings.append(
                f"{name}: {int(outside.sum()):,} values are not in the catalogue, such as"
                f" '{words[strange[0]]}'; they count as missing"
            )
        codes = np.where(outside, -1.0, codes)
    return Candidate(*rest, codes, codes >= 0, words)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_numbers(rest: Rest, array: pa.Array, wanted: Wanted, frame: Frame) -> Candidate | str:
    name, of = rest[0], rest[1]
    if _infer(array.type) is None or pa.types.is_boolean(array.type):
        return f"the catalogue says that it is {of}, the file has {array.type}"
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        texts = [word for word in pc.unique(array).to_pylist() if word and not _is_number(word)]
        if texts:
            return f"the catalogue says that it is {of}, the file has the text '{texts[0]}'"
        array = pc.cast(array, pa.float64())
    values = np.array(
        pc.cast(array, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64
    )
    if of.kind == MONEY and wanted.money_in_yuan:
        values = np.round(values * 100)
    known = np.isfinite(values)
    if np.isinf(values).any():
        frame.warnings.append(
            f"{name}: {int(np.isinf(values).sum()):,} values are infinite; they count as missing"
        )
    scale = 100 if of.kind == MONEY else 1
    low = -np.inf if of.low is None else float(of.low * scale)
    high = np.inf if of.high is None else float(of.high * scale)
    with np.errstate(invalid="ignore"):
        counts = (values >= low) & (values <= high)
        if of.declared in ("integer", "money"):
            counts &= values % 1 == 0
    outside = known & ~counts
    if outside.any():
        frame.warnings.append(
            f"{name}: {int(outside.sum()):,} values do not count by the catalogue (such as"
            f" {values[outside][0] / scale:g}); they are missing to the engine and to this fit"
        )
    known &= counts
    return Candidate(*rest, np.where(known, values, np.nan), known)


def _join(left_out: Mapping[str, str]) -> str:
    return "; ".join(f"'{name}': {why}" for name, why in left_out.items()) or "there is no other"
