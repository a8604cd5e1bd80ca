"""A sheet as it was exported, as it was edited, and as the files say now come in; the lines that
the files shall have go out.

Only what was changed in the workbook is applied. Where the files changed the same thing since, that
is a problem, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.exchange.aligning import align, says_same
from app.exchange.cells import same
from app.exchange.laying_out import MISSING_WORDS, OTHERWISE
from app.exchange.reading import CellProblem, ReadLine, ReadSheet
from app.exchange.sheets import ID, Line, Sheet


@dataclass(frozen=True, slots=True)
class Merged:
    """A line that the files shall have. `origin`: the key of the line that it is now; None: a new
    one. `row`: where it stands in the workbook (0: not there).
    """

    origin: str | None
    row: int
    cells: dict[str, str | None]


def merge(read: ReadSheet, current: Sheet, problems: list[CellProblem]) -> list[Merged]:
    """The lines in their order; what cannot be settled goes to `problems`."""
    return _Merge(read, current, problems).merge()


def was_brought_in(read: ReadSheet, current: Sheet) -> bool | None:
    """Whether all that the files say otherwise than the export stands in the workbook too: it was
    imported before. None: the files say what the export says.
    """
    return _Merge(read, current, []).was_brought_in()


class _Merge:
    def __init__(self, read: ReadSheet, current: Sheet, problems: list[CellProblem]) -> None:
        self.read, self.problems = read, problems
        self.base = {line.key: line for line in read.of.lines}
        edited = {line.key: line.cells for line in read.lines if line.key in self.base}
        aligned = align(self.base, {str(key): cells for key, cells in edited.items()}, current)
        self.now_called = {key: now for now, key in aligned.items()}
        self.current = {aligned[line.key]: line for line in current.lines}
        self.shape = read.of.shape

    def merge(self) -> list[Merged]:
        matched = self._match()
        kept = [origin for origin, _ in matched if origin in self.base]
        lines: list[tuple[str | None, Merged]] = []
        for origin, line in matched:
            if origin is not None and origin not in self.base:
                one: Merged | None = Merged(origin, line.row, dict(self.current[origin].cells))
            else:
                one = self._new(line) if origin is None else self._changed(origin, line)
            if one is not None:
                lines.append((origin, one))
        for key in self.base:
            if key not in kept:
                self._check_deleted(key)
        ordered = self._in_order(lines, kept)
        return [replace(one, origin=self._called_now(one.origin)) for one in ordered]

    def _called_now(self, origin: str | None) -> str | None:
        return None if origin is None else self.now_called.get(origin, origin)

    def was_brought_in(self) -> bool | None:
        matched = {origin: line.cells for origin, line in self._match() if origin is not None}
        changed = False
        for key in {**self.base, **self.current}:
            base, now = self.base.get(key), self.current.get(key)
            if base is not None and now is not None and says_same(self.read.of, base, now.cells):
                continue
            changed = True
            if (now is None) != (key not in matched):
                return False
            if now is not None and not says_same(self.read.of, now, matched[key]):
                return False
        return True if changed else None

    def _match(self) -> list[tuple[str | None, ReadLine]]:
        """Each line of the workbook with the exported line that it was: by its id, which a sorted
        sheet keeps, else by the hidden key, which a changed id keeps; bins by the key alone.
        """
        chosen = {} if self.shape == "bins" else self._by_id()
        taken = set(chosen.values())
        for own in (True, False):  # of two lines with one key the one that has its id is it
            for line in self.read.lines:
                is_free = id(line) not in chosen and line.key in self.base and line.key not in taken
                if is_free and (not own or self._has_same_id(str(line.key), line)):
                    chosen[id(line)] = str(line.key)
                    taken.add(str(line.key))
        found: list[tuple[str | None, ReadLine]] = []
        for line in self.read.lines:
            key: str | None = chosen.get(id(line))
            if key is not None and self._is_cleared(key, line):
                continue
            found.append((key or self._added_since(line, taken), line))
        return found

    def _by_id(self) -> dict[int, str]:
        """The lines that have the id of an exported line; of two the one with its key too."""
        ids = {self._id_of(line.cells): key for key, line in self.base.items()}
        ids.pop(None, None)
        best: dict[str, ReadLine] = {}
        for line in self.read.lines:
            key = ids.get(self._id_of(line.cells))
            if key is not None and (key not in best or line.key == key):
                best[key] = line
        return {id(line): key for key, line in best.items()}

    def _added_since(self, line: ReadLine, taken: set[str]) -> str | None:
        """The line of the files that says the same as this new one: it was brought in before."""
        for key, now in self.current.items():
            is_new = key not in self.base and key not in taken
            if is_new and says_same(self.read.of, now, line.cells):
                taken.add(key)
                return key
        return None

    def _id_of(self, cells: dict[str, str | None]) -> str | None:
        first = next(one.key for one in self.read.of.columns if one.kind == ID)
        return cells.get(first)

    def _has_same_id(self, key: str, line: ReadLine) -> bool:
        return self._id_of(self.base[key].cells) == self._id_of(line.cells)

    def _is_cleared(self, key: str, line: ReadLine) -> bool:
        """A line that had something in its white cells and has nothing there now."""
        if line.bad or key.startswith("="):
            return False
        base = self.base[key]
        free = [one for one in base.cells if one not in base.fixed]
        was = any(base.cells[one] is not None for one in free)
        return was and all(line.cells.get(one) is None for one in free)

    def _changed(self, key: str, line: ReadLine) -> Merged | None:
        base, now = self.base[key], self.current.get(key)
        cells = dict(now.cells if now is not None else base.cells)
        for column in self.read.of.columns:
            name, kind = column.key, self.read.of.kind_of(base, column.key)
            wanted, was = line.cells.get(name), base.cells.get(name)
            if name in line.bad or same(wanted, was, kind):
                continue
            if name in base.fixed:
                self._refuse_fixed(line, name, was)
                continue
            is_now = now.cells.get(name) if now is not None else None
            if same(wanted, is_now, kind) and now is not None:
                continue
            if now is None or not same(is_now, was, kind) or self._has_moved(base, now):
                self._refuse_both(line, name, was, is_now, now)
                continue
            cells[name] = wanted
        return None if now is None else Merged(key, line.row, cells)

    def _has_moved(self, base: Line, now: Line) -> bool:
        """A line that is known by its place alone must be the same line still."""
        by_place = "#" in base.key
        return by_place and any(
            not same(base.cells[name], now.cells.get(name), self.read.of.kind_of(base, name))
            for name in base.cells
        )

    def _new(self, line: ReadLine) -> Merged:
        label = (self._id_of(line.cells) or "").strip()
        if label == OTHERWISE or (label and f"={label.split()[0]}" in self.base):
            hint = "delete this line, and edit the one that was exported"
            self._say(line.row, self._first(), f"there is one line '{label}' already", hint)
        return Merged(None, line.row, dict(line.cells))

    def _check_deleted(self, key: str) -> None:
        if key.startswith("="):
            name = self._id_of(self.base[key].cells)
            self._say_sheet(f"the line '{name}' is gone", "put it back, or export anew")
        elif key not in self.current:
            return
        elif any(
            not same(text, self.current[key].cells.get(name), "text")
            for name, text in self.base[key].cells.items()
        ):
            self._say_sheet(
                f"the line '{key}' was deleted here, and changed in the files since",
                "export the workbook anew and delete it there",
            )

    def _in_order(self, lines: list[tuple[str | None, Merged]], kept: list[str]) -> list[Merged]:
        """The workbook's order where it was changed there, else that of the files, each new line
        behind the one that it follows.
        """
        exported = [key for key in self.base if key in kept]
        added_since = [key for key in self.current if key not in self.base]
        present = [key for key in exported if key in self.current]
        order_now = [key for key in self.current if key in present]
        if kept != exported and (order_now != present or added_since):
            self._say_sheet(
                "lines were moved here, and lines were added or moved in the files since",
                "export the workbook anew and move them there",
            )
        if not added_since and (kept != exported or order_now == present):
            return [one for _, one in lines]
        followers: dict[str | None, list[Merged]] = {}
        last: str | None = None
        by_key: dict[str, Merged] = {}
        for key, one in lines:
            if key is None:
                followers.setdefault(last, []).append(one)
            else:
                by_key[key], last = one, key
        found = list(followers.get(None, []))
        for key, line in self.current.items():
            if key in by_key:
                found += [by_key[key], *followers.get(key, [])]
            elif key not in self.base:
                found += [Merged(key, 0, dict(line.cells)), *followers.get(key, [])]
        return found

    def _refuse_fixed(self, line: ReadLine, name: str, was: str | None) -> None:
        if self.shape == "bins" and name == "when" and line.cells.get(name) in MISSING_WORDS:
            return
        if was is None:
            self._say(line.row, name, "nothing belongs here", "leave the cell empty")
            return
        self._say(
            line.row,
            name,
            f"'{was}' stays as it is, not '{line.cells.get(name) or ''}'",
            "to replace it delete the line and write a new one into an empty line",
        )

    def _refuse_both(
        self, line: ReadLine, name: str, was: str | None, now: str | None, there: Line | None
    ) -> None:
        if there is None:
            said = "the line is no longer in the files"
        else:
            said = f"changed here, and in the files since: from '{was or ''}' to '{now or ''}'"
        self._say(line.row, name, said, "write what the files say, or export the workbook anew")

    def _first(self) -> str:
        return self.read.of.columns[0].key

    def _say(self, row: int, name: str, message: str, hint: str | None) -> None:
        self.problems.append(CellProblem(self.read.cell(row, name), message, hint))

    def _say_sheet(self, message: str, hint: str) -> None:
        self.problems.append(CellProblem(self.read.of.name, message, hint))
