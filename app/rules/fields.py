"""Reading a mapping by its schema: each key is asked for once, what nobody asked for is a problem,
all problems are collected.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

from app.rules.document import AnyNode, Mapping, Scalar, Sequence
from app.rules.problems import Problem, suggest

NUMBER_TEXT = re.compile(r"[+-]?(\d[\d_]*)(\.\d[\d_]*)?([eE][+-]?\d{1,3})?")
NAME = re.compile(r"[^\W\d]\w*")
N = TypeVar("N", Scalar, Mapping, Sequence)


class Fields:
    """A view on one mapping. Methods give None where the value is absent or wrong (the problem is
    then collected).
    """

    def __init__(self, node: AnyNode, what: str, problems: list[Problem]) -> None:
        self.what = what
        self.node = node
        self.problems = problems
        self._asked: set[str] = set()
        self._items: dict[str, tuple[Scalar, AnyNode]] = {}
        if isinstance(node, Mapping):
            self._items = {key.text: (key, value) for key, value in node.items}
        else:
            problems.append(
                node.problem("keys-expected", f"{what} must be a list of keys, as in `key: value`")
            )

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._items

    def node_of(self, key: str, required: bool = True) -> AnyNode | None:
        """The value's node, whatever its kind."""
        self._asked.add(key)
        if key in self._items:
            return self._items[key][1]
        if required and isinstance(self.node, Mapping):
            self.problems.append(
                self.node.problem("key-missing", f"{self.what} needs the key '{key}'")
            )
        return None

    def _kind(self, key: str, required: bool, kind: type[N], words: str) -> N | None:
        node = self.node_of(key, required)
        if node is None or isinstance(node, kind):
            return node
        self.problems.append(node.problem("wrong-kind", f"'{key}' must be {words}"))
        return None

    def scalar(self, key: str, required: bool = True) -> Scalar | None:
        node = self._kind(key, required, Scalar, "one value")
        if node is not None and node.is_null:
            if required:
                self.problems.append(node.problem("key-empty", f"'{key}' has no value"))
            return None
        return node

    def text(self, key: str, required: bool = True) -> str | None:
        node = self.scalar(key, required)
        return node.text if node else None

    def name(self, key: str, required: bool = True) -> str | None:
        """A name that expressions can use."""
        node = self.scalar(key, required)
        if node is None:
            return None
        if not NAME.fullmatch(node.text):
            self.problems.append(
                node.problem(
                    "bad-name",
                    f"'{node.text}' is no name",
                    "a name has letters, digits and _, and starts with a letter",
                )
            )
            return None
        return node.text

    def choice(self, key: str, options: Iterable[str], required: bool = True) -> str | None:
        node = self.scalar(key, required)
        options = list(options)
        if node is None or node.text in options:
            return node.text if node else None
        self.problems.append(
            node.problem(
                "bad-choice",
                f"'{key}' is '{node.text}'; it must be one of {', '.join(options)}",
                suggest(node.text, options),
                max(1, len(node.text)),
            )
        )
        return None

    def number(self, key: str, required: bool = True) -> Decimal | None:
        node = self.scalar(key, required)
        return read_number(node, key, self.problems) if node else None

    def texts(self, key: str, required: bool = True) -> list[Scalar]:
        """A list of values; one value alone counts as a list of one."""
        node = self.node_of(key, required)
        if node is None:
            return []
        items = node.items if isinstance(node, Sequence) else (node,)
        scalars = [item for item in items if isinstance(item, Scalar)]
        for item in items:
            if not isinstance(item, Scalar):
                self.problems.append(
                    item.problem("wrong-kind", f"'{key}' must be a list of values")
                )
        return scalars

    def sequence(self, key: str, required: bool = True) -> tuple[AnyNode, ...]:
        node = self._kind(key, required, Sequence, "a list (lines that start with `- `)")
        if node is not None and required and not node.items:
            self.problems.append(node.problem("key-empty", f"'{key}' has nothing in it"))
        return node.items if node else ()

    def mapping(self, key: str, required: bool = True) -> tuple[tuple[Scalar, AnyNode], ...]:
        node = self._kind(key, required, Mapping, "a list of keys, as in `key: value`")
        return node.items if node else ()

    def fields(self, key: str, what: str, required: bool = True) -> Fields | None:
        node = self._kind(key, required, Mapping, "a list of keys, as in `key: value`")
        return Fields(node, what, self.problems) if node is not None else None

    def words(self, key: str, required: bool = True) -> dict[str, str]:
        """A text in two languages: `{zh: …, en: …}`."""
        inner = self.fields(key, f"'{key}'", required)
        if inner is None:
            return {}
        found = {language: inner.text(language) or "" for language in ("zh", "en")}
        inner.finish()
        return found

    def rest(self) -> list[tuple[Scalar, AnyNode]]:
        """The keys nobody asked for so far; from now on they count as asked for."""
        left = [pair for key, pair in self._items.items() if key not in self._asked]
        self._asked.update(self._items)
        return left

    def finish(self) -> None:
        """Every key that nobody asked for is unknown."""
        for key, (name, _) in self._items.items():
            if key not in self._asked:
                self.problems.append(
                    name.problem(
                        "unknown-key",
                        f"{self.what} has no key '{key}'",
                        suggest(key, self._asked)
                        or f"known keys: {', '.join(sorted(self._asked))}",
                        max(1, len(key)),
                    )
                )


def read_number(node: Scalar, what: str, problems: list[Problem]) -> Decimal | None:
    """A number as analysts write it (`500_000`, `0.35`, `-1`); exact."""
    if NUMBER_TEXT.fullmatch(node.text) and len(node.text) <= 40:
        number = Decimal(node.text.replace("_", ""))
        if math.isfinite(float(number)):
            return number
    problems.append(
        node.problem(
            "number-expected",
            f"'{what}' must be a number, not '{node.text[:60]}'",
            None,
            max(1, min(60, len(node.text))),
        )
    )
    return None
