"""An edited workbook comes in; what it changes goes out, checked as a whole, and is written only
then: all files or none.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from app.comparisons.diff import Change, diff_policies
from app.errors import ChengxinError
from app.exchange.base import Base, hashes_of
from app.exchange.building import Building, Places
from app.exchange.laying_out import document_of, lay_out
from app.exchange.merging import merge, was_brought_in
from app.exchange.patch import CannotWrite, patch
from app.exchange.placing import place_problem
from app.exchange.reading import CellProblem, ReadSheet, read_workbook
from app.exchange.sheets import Sheet
from app.policies.documents import Documents, load_documents
from app.policies.examine import examine
from app.policies.policy import Policy, check_policy
from app.rules.document import plain_of
from app.rules.problems import Problem


class WrongProduct(ChengxinError):
    """The workbook is of another product."""


class FilesChanged(ChengxinError):
    """The files were changed since the workbook was exported."""


@dataclass(frozen=True, slots=True)
class Edited:
    """One file: where it is, what it said when it was read, what it shall say."""

    path: Path
    shown: str
    before: bytes
    after: bytes


@dataclass(slots=True)
class Imported:
    """What an import would write. With problems nothing may be written. `changed_since`: files that
    were changed after the export.
    """

    product: str
    files: list[Edited] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    cells: list[CellProblem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    changed_since: list[str] = field(default_factory=list)


def read_import(
    path: Path, rulesets: Path, scorecards: Path, product: str | None = None, force: bool = False
) -> Imported:
    """Read a workbook and work out what it changes; nothing is written. Raises WrongProduct,
    FilesChanged, NotOurs, UnreadableWorkbook, UnknownProduct, ProblemsFound.
    """
    base, sheets, cells = read_workbook(path)
    if product is not None and product != base.product:
        raise WrongProduct(f"{path} is a workbook of '{base.product}', not of '{product}'")
    documents = load_documents(base.product, rulesets, scorecards)
    before = check_policy(documents)
    current = {(sheet.document, sheet.shape): sheet for sheet in lay_out(documents)}
    found = Imported(base.product, cells=cells)
    found.changed_since = _changed_since(documents, base, sheets, current)
    if found.changed_since and not force:
        raise FilesChanged(
            f"changed since {path} was exported: {', '.join(found.changed_since)}; export it anew,"
            " or use --force to bring in only what was changed in the workbook"
        )
    texts: dict[str, str] = {}
    places: dict[str, Places] = {}
    for key in dict.fromkeys(sheet.of.document for sheet in sheets):
        merged = []
        for sheet in sheets:
            now = current.get((key, sheet.of.shape)) if sheet.of.document == key else None
            if now is not None and _same_columns(sheet.of, now):
                merged.append((sheet, now, merge(sheet, now, found.cells)))
            elif sheet.of.document == key:
                found.cells.append(
                    CellProblem(
                        sheet.of.name, "its columns changed in the files since", "export anew"
                    )
                )
        node = document_of(documents, key) if merged else None
        if node is None:
            continue
        building = Building(plain_of(node), found.cells)
        building.apply(merged)
        places[node.source.file] = building.places
        try:
            texts[key] = patch(node, building.root)
        except CannotWrite as error:
            found.cells.append(CellProblem(merged[0][0].of.name, str(error)))
    found.files = list(_files(documents, texts, rulesets, scorecards))
    shown = {document_of(documents, key).source.file: text for key, text in texts.items()}
    _check(found, before, places, shown, rulesets, scorecards)
    found.cells = list({str(one): one for one in found.cells}.values())
    return found


def write_import(found: Imported) -> None:
    """Write all files, each replaced at once; when one cannot be written those before it are put
    back. Raises FilesChanged when a file is no longer what was read.
    """
    assert not found.cells
    assert not found.problems
    for one in found.files:
        if one.path.read_bytes() != one.before:
            raise FilesChanged(f"{one.shown} was changed just now; import again")
    prepared: list[tuple[Edited, Path]] = []
    written: list[Edited] = []
    try:
        for one in found.files:
            prepared.append((one, _beside(one.path, one.after)))
        for one, new in prepared:
            new.replace(one.path)
            written.append(one)
    except OSError as error:
        for one in written:
            _beside(one.path, one.before).replace(one.path)
        raise FilesChanged(f"nothing was written: {error}") from error
    finally:
        for _, new in prepared:
            new.unlink(missing_ok=True)


def _beside(path: Path, content: bytes) -> Path:
    """A new file in the same folder, with the same rights."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, name)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _changed_since(
    documents: Documents,
    base: Base,
    sheets: list[ReadSheet],
    current: dict[tuple[str, str], Sheet],
) -> list[str]:
    """The files that are not as exported, but for what this workbook brought in itself."""
    hashes = hashes_of(documents, current.values())
    shown = {sheet.document: sheet.file for sheet in base.sheets}
    found = []
    for key, was in base.hashes.items():
        if hashes.get(key) == was:
            continue
        said = [
            was_brought_in(one, now)
            for one in sheets
            if one.of.document == key and (now := current.get((key, one.of.shape))) is not None
            if _same_columns(one.of, now)
        ]
        if False in said or True not in said:
            found.append(shown[key])
    return found


def _same_columns(one: Sheet, other: Sheet) -> bool:
    return [column.key for column in one.columns] == [column.key for column in other.columns]


def _files(
    documents: Documents, texts: dict[str, str], rulesets: Path, scorecards: Path
) -> list[Edited]:
    found: list[Edited] = []
    for key, text in texts.items():
        node = document_of(documents, key)
        if text == node.source.text:
            continue
        kind, _, file = key.partition(":")
        folder = scorecards if kind == "scorecard" else rulesets / documents.product
        path = folder / (file or "policy.yaml")
        before = path.read_bytes()
        mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
        found.append(Edited(path, node.source.file, before, mark + text.encode()))
    return found


def _check(
    found: Imported,
    before: Policy,
    places: dict[str, Places],
    texts: dict[str, str],
    rulesets: Path,
    scorecards: Path,
) -> None:
    """Check the product as it would be, in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy_rules, copy_cards = (
            Path(folder, "r", rulesets.name),
            Path(folder, "s", scorecards.name),
        )
        copy_rules.mkdir(parents=True)
        shutil.copytree(rulesets / found.product, copy_rules / found.product)
        for shared in ("catalogue.yaml", "reasons.yaml"):
            shutil.copy(rulesets / shared, copy_rules / shared)
        shutil.copytree(scorecards, copy_cards)
        for one in found.files:
            root, copy = (rulesets, copy_rules)
            if not one.path.is_relative_to(rulesets):
                root, copy = scorecards, copy_cards
            (copy / one.path.relative_to(root)).write_bytes(one.after)
        looked = examine(found.product, copy_rules, copy_cards)
    for problem in looked.problems:
        cell = place_problem(problem, texts, places)
        if cell is None:
            found.problems.append(problem)
        else:
            found.cells.append(cell)
    if looked.policy is not None:
        found.changes = diff_policies(before, looked.policy)
