"""The catalogue's part on features: `catalogue.yaml` comes in; names, types and meanings in their
order go out, with a hash of what they say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import rfc8785
import yaml

from app.errors import ChengxinError

ARROW_TYPES = {
    "money": pa.int64(),
    "integer": pa.int64(),
    "ratio": pa.float64(),
    "number": pa.float64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
}


# Features that depend on what other merchants sold, by the seasonal index or by comparison; they
# are computed in a second pass, when all merchants are known.
SECOND_PASS = frozenset(
    {
        *("cod_median_month", "cod_min_month", "cod_trim_month", "cv", "downside_dev"),
        *("yoy_3m", "yoy_12m", "qoq_sa", "slope_12m", "accel", "drawdown", "down_months"),
        *("industry_percentile", "rel_growth", "round_excess"),
    }
)


class CatalogueError(ChengxinError):
    """The catalogue cannot be used for features; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One entry of the catalogue whose `from` is `features`."""

    name: str
    type: str
    unit: str
    family: str
    zh: str
    en: str

    @property
    def arrow_type(self) -> pa.DataType:
        return ARROW_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class FeatureCatalogue:
    """All features in the catalogue's order; `sha256` changes when any meaning does."""

    features: tuple[Feature, ...]
    sha256: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    def of_first_pass(self) -> FeatureCatalogue:
        """Only the features that a merchant's own waybills and parties tell."""
        own = tuple(feature for feature in self.features if feature.name not in SECOND_PASS)
        return FeatureCatalogue(own, self.sha256)

    @property
    def schema(self) -> pa.Schema:
        """The columns of a snapshot: merchant_id, the features, and the reasons of nulls as a JSON
        text.
        """
        fields = [pa.field(f.name, f.arrow_type) for f in self.features]
        merchant = pa.field("merchant_id", pa.string(), nullable=False)
        return pa.schema([merchant, *fields, pa.field("missing", pa.string(), nullable=False)])


def load_feature_catalogue(path: Path) -> FeatureCatalogue:
    """Read the features of a catalogue file. Raises CatalogueError."""
    try:
        inputs = yaml.safe_load(path.read_text("utf-8"))["inputs"]
        entries = {name: entry for name, entry in inputs.items() if entry["from"] == "features"}
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"{path}: not a catalogue; expected `inputs:` with an entry a name,"
            f" each with `from:` ({error})"
        ) from error
    features = tuple(_make_feature(path, name, entry) for name, entry in entries.items())
    return FeatureCatalogue(features, hashlib.sha256(rfc8785.dumps(entries)).hexdigest())


def _make_feature(path: Path, name: str, entry: dict[str, object]) -> Feature:
    meaning = entry.get("meaning")
    if entry.get("type") not in ARROW_TYPES:
        raise CatalogueError(
            f"{path}: {name}: a feature's type is one of {', '.join(ARROW_TYPES)},"
            f" not {entry.get('type')}"
        )
    if not isinstance(meaning, dict) or not {"zh", "en"} <= set(meaning):
        raise CatalogueError(f"{path}: {name}: write its meaning as {{zh: …, en: …}}")
    kind, unit, family = (str(entry.get(key, "")) for key in ("type", "unit", "family"))
    return Feature(name, kind, unit, family, str(meaning["zh"]), str(meaning["en"]))
