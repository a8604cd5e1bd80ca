"""The lines that the files shall have come in; each document as it shall be goes out, and where in
the workbook each part of it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.exchange.cells import same, split_names
from app.exchange.laying_out import MISSING_WORDS
from app.exchange.merging import Merged
from app.exchange.patch import Item
from app.exchange.reading import CellProblem, ReadSheet
from app.exchange.sheets import NAMES, Line, Path, Sheet

Places = dict[Path, tuple[ReadSheet, int]]  # where in a document → sheet and row
ORDER = {
    "rules": ("id", "title", "for", "when", "then", "reason"),
    "characteristics": (
        "id",
        "title",
        "dimension",
        "input",
        "value",
        "reason",
        "missing",
        "bins",
    ),
    "minimum": ("amount", "then", "reason"),
    "formula": (
        "kind",
        "title",
        "unknown",
        "for",
        "let",
        "limit",
        "round_down_to",
        "minimum",
    ),
    "title": ("zh", "en"),
    "policy": ("policy", "title", "terms"),
}


class Building:
    """One document on its way: `root` is what it shall be, from what it is."""

    def __init__(self, root: dict[str, Any], problems: list[CellProblem]) -> None:
        self.now, self.problems = root, problems
        self.root: dict[str, Any] = {key: _as_items(value) for key, value in root.items()}
        self.places: Places = {}

    def apply(self, merged: Sequence[tuple[ReadSheet, Sheet, list[Merged]]]) -> None:
        """Take over the sheets of this document; the bins last, since they need their
        characteristics.
        """
        ranked = sorted(merged, key=lambda one: one[0].of.shape == "bins")
        for read, current, lines in ranked:
            match read.of.shape:
                case "rules" | "characteristics":
                    self._list(read, current, lines, read.of.shape)
                case "table":
                    rows = [one for one in lines if one.origin != "=otherwise"]
                    self._list(read, current, rows, "rows")
                    self._otherwise(read, current, lines)
                case "formula":
                    self._formula(read, current, lines)
                case "terms" | "dimensions":
                    self._names(read, read.of.shape, lines)
                case "bins":
                    self._bins(read, lines)

    def _list(self, read: ReadSheet, current: Sheet, lines: list[Merged], key: str) -> None:
        before = {line.key: line for line in current.lines}
        order = ORDER.get(key) or tuple(c.key for c in current.columns)
        items = []
        for place, one in enumerate(lines):
            self.places[(key, place)] = (read, one.row)
            if one.origin is None:
                item: dict[str, Any] = {}
                for name in order:
                    _put(item, name, one.cells, None, current, order)
                items.append(Item(None, item))
                continue
            line = before[one.origin]
            origin = line.path[-1]
            assert isinstance(origin, int)
            items.append(
                Item(origin, self._changed(self.root[key][origin].value, current, line, one))
            )
        self.root[key] = items

    def _changed(self, item: dict[str, Any], current: Sheet, line: Line, one: Merged) -> Any:
        order = ORDER.get(str(line.path[0])) or tuple(c.key for c in current.columns)
        changed = dict(item)
        for name in dict.fromkeys(column.key.split(".")[0] for column in current.columns):
            _put(changed, name, one.cells, line, current, order)
        return changed

    def _otherwise(self, read: ReadSheet, current: Sheet, lines: list[Merged]) -> None:
        line = next(one for one in current.lines if one.key == "=otherwise")
        for one in lines:
            if one.origin == "=otherwise":
                self.places[("otherwise",)] = (read, one.row)
                cells = {**one.cells, "id": line.cells["id"]}
                otherwise = dict(self.root["otherwise"])
                order = tuple(c.key for c in current.columns)
                for column in current.columns:
                    if column.key != "id" and column.key not in line.fixed:
                        _put(otherwise, column.key, cells, line, current, order)
                self.root["otherwise"] = otherwise

    def _names(self, read: ReadSheet, key: str, lines: Iterable[Merged]) -> None:
        """A mapping of names: terms, dimensions, `let`."""
        was = self.root.get(key) or {}
        found: dict[str, Any] = {}
        for one in lines:
            name, text = one.cells.get("name"), one.cells.get("value")
            if name is None:
                self._say(read, one.row, "name", "this line has no name", "write a name")
                continue
            if name in found:
                self._say(read, one.row, "name", f"'{name}' stands here twice", "delete one")
                continue
            self.places[(key, name)] = (read, one.row)
            found[name] = text if text is not None or name not in was else None
        if found or was:
            if key in self.root:
                self.root[key] = found
            else:
                _insert(self.root, key, found, ORDER["formula" if key == "let" else "policy"])
        if not found and key in ("let", "terms") and key in self.root:
            del self.root[key]

    def _formula(self, read: ReadSheet, current: Sheet, lines: list[Merged]) -> None:
        self._names(read, "let", [one for one in lines if not (one.origin or "").startswith("=")])
        before = {line.key: line for line in current.lines}
        for one in lines:
            if one.origin is None or not one.origin.startswith("="):
                continue
            path = before[one.origin].path
            self.places[path] = (read, one.row)
            text, was = one.cells.get("value"), before[one.origin].cells.get("value")
            if text == was:
                continue
            root, key = self.root, str(path[-1])
            if len(path) == 2:
                if not isinstance(root.get("minimum"), dict):
                    _insert(root, "minimum", {}, ORDER["formula"])
                self.root["minimum"] = root = dict(self.root["minimum"])
            order = ORDER["minimum" if len(path) == 2 else "formula"]
            if text is None:
                root.pop(key, None)
            elif key in root:
                root[key] = text
            else:
                _insert(root, key, text, order)
        if self.root.get("minimum") == {}:
            del self.root["minimum"]

    def _bins(self, read: ReadSheet, lines: list[Merged]) -> None:
        items: list[Item] = self.root["characteristics"]
        ids = {item.value.get("id"): place for place, item in enumerate(items)}
        bins: dict[int, list[Item]] = {place: [] for place in range(len(items))}
        points: dict[int, str | None] = {}
        for one in lines:
            identity = one.cells.get("characteristic")
            if identity not in ids:
                message = (
                    f"there is no characteristic '{identity}'"
                    if identity
                    else "this bin says no characteristic"
                )
                hint = "write it into the sheet of characteristics too, or delete this line"
                self._say(read, one.row, "characteristic", message, hint)
                continue
            place = ids[identity]
            item = items[place]
            when, text = one.cells.get("when"), one.cells.get("points")
            if (one.origin or "").endswith("#missing") or (
                one.origin is None and (when or "").strip() in MISSING_WORDS
            ):
                if place in points:
                    hint = "keep one line for missing values"
                    self._say(read, one.row, "when", f"'{identity}' has two lines 'missing'", hint)
                points[place] = text
                self.places[("characteristics", place, "missing")] = (read, one.row)
                continue
            self.places[("characteristics", place, "bins", len(bins[place]))] = (read, one.row)
            bins[place].append(self._bin(item, one, when, text))
        for place, item in enumerate(items):
            value = dict(item.value)
            _set(value, "missing", points.get(place), ORDER["characteristics"])
            if "bins" in value:
                value["bins"] = bins[place]
            else:
                _insert(value, "bins", bins[place], ORDER["characteristics"])
            items[place] = Item(item.origin, value)

    def _bin(self, item: Item, one: Merged, when: str | None, points: str | None) -> Item:
        value = {
            name: text for name, text in (("when", when), ("points", points)) if text is not None
        }
        number = (one.origin or "").rpartition("#")[2]
        if one.origin is None or item.origin is None or not number.isdecimal():
            return Item(None, value)
        was = self.now["characteristics"][item.origin]["bins"][int(number)]
        ordered = {name: value[name] for name in was if name in value}
        return Item(int(number), {**ordered, **value})

    def _say(self, read: ReadSheet, row: int, key: str, message: str, hint: str) -> None:
        self.problems.append(CellProblem(read.cell(row, key), message, hint))


def _as_items(value: Any) -> Any:
    """Lists of entries as entries that know their places; lists of texts stay lists."""
    if isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        return [Item(place, _as_items(one)) for place, one in enumerate(value)]
    if isinstance(value, dict):
        return {key: _as_items(one) for key, one in value.items()}
    return value


def _put(
    item: dict[str, Any],
    name: str,
    cells: dict[str, str | None],
    line: Line | None,
    sheet: Sheet,
    order: tuple[str, ...],
) -> None:
    """One key of an item from its cells, where a cell says something else than `line`."""
    if name == "title":
        texts = {key: cells.get(f"title.{key}") for key in ("zh", "en")}
        if line is not None and all(
            line.cells.get(f"title.{key}") == text for key, text in texts.items()
        ):
            return
        title = dict(item["title"]) if isinstance(item.get("title"), dict) else {}
        for key, text in texts.items():
            _set(title, key, text, ORDER["title"])
        _set(item, "title", title or None, order)
        return
    if name not in {column.key for column in sheet.columns}:
        return
    text = cells.get(name)
    if line is not None and (
        text == line.cells.get(name) or same(text, line.cells.get(name), sheet.kind_of(line, name))
    ):
        return
    kind = sheet.column(name).kind
    _set(item, name, split_names(text) if text is not None and kind == NAMES else text, order)


def _set(item: dict[str, Any], key: str, value: Any, order: tuple[str, ...]) -> None:
    if value is None:
        item.pop(key, None)
    elif key in item:
        item[key] = value
    else:
        _insert(item, key, value, order)


def _insert(item: dict[str, Any], key: str, value: Any, order: tuple[str, ...]) -> None:
    """A new key, behind those that stand before it in the usual order."""
    rank = order.index(key) if key in order else len(order)
    before = [name for name in item if name in order and order.index(name) < rank]
    at = list(item).index(before[-1]) + 1 if before else len(item) if rank else 0
    pairs = list(item.items())
    pairs.insert(at, (key, value))
    item.clear()
    item.update(pairs)
