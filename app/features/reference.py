"""Lists of known parties (`rulesets/reference/blacklist.csv`, `staff.csv`) come in; their ids, and
their phones and cards as the lake's keyed hashes, go out. Each file is optional. Beside them stand
the files of tariffs and distances, which have modules of their own.

A list is a CSV file in UTF-8 with the columns `kind` (id, phone or card), `value`, and, where
wanted, `since` (a day: the entry counts for as-of days after it). Other columns are for people.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from app.features.calendar import AsOf
from app.features.distances import Distances, load_distances
from app.features.reference_errors import BadReferenceList, refuse
from app.features.tariffs import Tariffs, load_tariffs
from app.waybills.columns import LONGEST_ID
from app.waybills.personal import hash_sql, normal_card_sql, normal_phone_sql, set_hash_key

FOLDER = "reference"
KIND_NUMBERS = {"id": 1, "phone": 6, "card": 7}  # 6 and 7 as in network_shared.sql
BLACKLIST_KINDS, STAFF_KINDS = ("id", "phone"), ("id", "phone", "card")


@dataclass(frozen=True, slots=True)
class ListedParty:
    """An entry: an id as it stands in waybills, or the keyed hash of a phone or a card."""

    kind: str
    text: str
    since: date | None


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """A list as its file says it; `sha256` is of the file."""

    parties: tuple[ListedParty, ...]
    sha256: str

    def in_force(self, as_of: AsOf) -> list[tuple[int, str]]:
        """(number of the kind, text) of what counts for T, each once, in order."""
        found = {
            (KIND_NUMBERS[party.kind], party.text)
            for party in self.parties
            if party.since is None or party.since < as_of.day
        }
        return sorted(found)


@dataclass(frozen=True, slots=True)
class References:
    """The lists that there are, what carriers charge, and how far it is."""

    blacklist: ReferenceList | None = None
    staff: ReferenceList | None = None
    tariffs: Tariffs | None = None
    distances: Distances | None = None

    @property
    def marks(self) -> dict[str, str | None]:
        """The hash of each file, null where there is none; for the provenance."""
        files = {
            "blacklist": self.blacklist,
            "staff": self.staff,
            "tariffs": self.tariffs,
            "distances": self.distances,
        }
        return {name: found.sha256 if found else None for name, found in files.items()}


def load_references(rulesets: Path, hash_key: bytes | None, home: Path | None = None) -> References:
    """The reference files: each from the folder `reference` of the home, where it stands there,
    else from that of the rulesets. Raises BadReferenceList, ProblemsFound.
    """

    def find(name: str) -> Path:
        own = home / FOLDER / name if home is not None else None
        return own if own is not None and own.exists() else rulesets / FOLDER / name

    return References(
        _load_list(find("blacklist.csv"), BLACKLIST_KINDS, hash_key),
        _load_list(find("staff.csv"), STAFF_KINDS, hash_key),
        load_tariffs(find("tariffs.yaml")),
        load_distances(find("distances.csv")),
    )


def _load_list(path: Path, kinds: Sequence[str], hash_key: bytes | None) -> ReferenceList | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadReferenceList(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadReferenceList(f"{path}: is not UTF-8 (byte {error.start}); save it so") from error
    rows = _read_rows(path, text, kinds)
    return ReferenceList(
        tuple(_hash_personal(path, rows, hash_key)), hashlib.sha256(content).hexdigest()
    )


def _read_rows(path: Path, text: str, kinds: Sequence[str]) -> list[tuple[int, ListedParty]]:
    """Line and entry, values as written. Raises BadReferenceList with all that is wrong."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    header = [name.strip() for name in reader.fieldnames or ()]
    if not {"kind", "value"} <= set(header):
        raise BadReferenceList(f"{path}: line 1: write the header kind,value or kind,value,since")
    reader.fieldnames = header
    found: list[tuple[int, ListedParty]] = []
    wrong: list[str] = []
    try:
        for row in reader:
            line = reader.line_num
            kind, value, since = (
                (row.get(key) or "").strip() for key in ("kind", "value", "since")
            )
            if not any(row.values()):
                continue
            day = _read_day(since)
            if kind not in kinds:
                # What is no word may be a phone that stands in the wrong column: it is not shown.
                shown = f" '{kind[:20]}'" if kind.isalpha() else ""
                wrong.append(f"line {line}: kind{shown} is none of {', '.join(kinds)}")
            elif not value or len(value) > LONGEST_ID:
                wrong.append(f"line {line}: value must have 1 to {LONGEST_ID} characters")
            elif since and day is None:
                wrong.append(f"line {line}: since '{since[:20]}' is no day; write YYYY-MM-DD")
            else:
                found.append((line, ListedParty(kind, value, day)))
    except csv.Error as error:
        wrong.append(f"line {reader.line_num}: is no CSV: {error}")
    refuse(path, wrong)
    return found


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _hash_personal(
    path: Path, rows: list[tuple[int, ListedParty]], hash_key: bytes | None
) -> list[ListedParty]:
    """Phones and cards hashed by the very expressions that intake hashes waybills with."""
    if all(party.kind == "id" for _, party in rows):
        return [party for _, party in rows]
    if hash_key is None:
        raise BadReferenceList(
            f"{path}: has phones or cards, and no key to hash them with was given"
        )
    given = pa.table(
        {
            "kind": pa.array([party.kind for _, party in rows], pa.string()),
            "value": pa.array([party.text for _, party in rows], pa.string()),
        }
    )
    with duckdb.connect(":memory:") as connection:
        set_hash_key(connection, hash_key)
        connection.register("given", given)
        hashed = connection.execute(
            f"select case kind when 'phone' then {hash_sql(normal_phone_sql('value'))}"
            f" when 'card' then {hash_sql(normal_card_sql('value'))} else value end from given"
        ).fetchall()
    wrong = [
        f"line {line}: value is no {party.kind} number"
        for (line, party), (text,) in zip(rows, hashed, strict=True)
        if text is None
    ]
    refuse(path, wrong)
    return [
        ListedParty(party.kind, str(text), party.since)
        for (_, party), (text,) in zip(rows, hashed, strict=True)
    ]
