"""The words of a FEEL text: symbols, names with blanks, numbers and text literals."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache
from typing import Any

from app.dmn.errors import FeelSyntaxError

Node = tuple[Any, ...]
SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/|\ufeff)*", re.S)
NUMBER = re.compile(r"(?:\d+(?:\.(?!\.)\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
START = r"(?:[^\W\d]|[\U00010000-\U000EFFFF])"
PART = r"(?:[\w'\u00b7\u0300-\u036f]|[\U00010000-\U000EFFFF])"
NAME = re.compile(rf"{START}{PART}*|\?")
SYMBOL = re.compile(r"\*\*|\.\.|!=|<=|>=|->|[-+*/=<>()\[\]{},:.@|]")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.S)
KEYWORDS = frozenset(
    {
        "and",
        "or",
        "not",
        "if",
        "then",
        "else",
        "for",
        "in",
        "return",
        "some",
        "every",
        "satisfies",
        "between",
        "instance",
        "of",
        "function",
        "true",
        "false",
        "null",
        "external",
    }
)
SPACED = (
    "date and time", "days and time duration", "years and months duration", "day of week",
    "day of year", "week of year", "month of year", "string length", "upper case", "lower case",
    "substring before", "substring after", "starts with", "ends with", "list contains",
    "insert before", "distinct values", "index of", "list replace", "get entries", "get value",
    "context put", "context merge", "round up", "round down", "round half up", "round half down",
    "met by", "overlaps before", "overlaps after", "finished by", "started by",
    "time offset", "start included", "end included", "string join",
)  # fmt: skip
PLAIN = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}
MOST_DEPTH = 40


@lru_cache(maxsize=256)
def odd_names(names: frozenset[str]) -> re.Pattern[str]:
    """A pattern for the names that hold blanks or signs, the longest first; FEEL's own too."""
    odd = {" ".join(name.split()) for name in {*names, *SPACED} if not NAME.fullmatch(name)}
    texts = sorted(odd - {""}, key=len, reverse=True)
    parts = (r"\s+".join(map(re.escape, text.split())) for text in texts)
    return re.compile("(?:" + "|".join(parts) + rf")(?!{PART})")


class Scanner:
    """One text, read from left to right; `known` are the names of the model."""

    def __init__(self, text: str, known: Set[str]) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.in_range = False  # after the dots of a range, where `[` may close it
        self.known = known if isinstance(known, frozenset) else frozenset(known)
        self.declared_names: frozenset[str] = frozenset()

    def fail(self, wanted: str) -> FeelSyntaxError:
        """What is wrong at the present place."""
        found = self.text[self.at : self.at + 20] or "the end of the text"
        return FeelSyntaxError(
            f"FEEL '{self.text.strip()[:80]}', character {self.at + 1}: {wanted} is missing "
            f"before {found!r}",
            self.at,
        )

    def deeper(self) -> None:
        """One more level of nesting, or fail."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.fail("a less deeply nested expression")

    def peek(self) -> str:
        """The next symbol or plain word, not taken; empty at the end or before a literal."""
        self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        match = SYMBOL.match(self.text, self.at) or NAME.match(self.text, self.at)
        return match[0] if match else ""

    def take(self, *words: str) -> str:
        """The next symbol or word, taken if it is one of these."""
        word = self.peek()
        if word in words:
            self.at += len(word)
            return word
        return ""

    def need(self, word: str) -> None:
        """Take this symbol or word, or fail."""
        if not self.take(word):
            raise self.fail(f"'{word}'")

    def end(self) -> None:
        """Nothing may follow."""
        self.peek()
        if self.at < len(self.text):
            raise self.fail("an operator")

    def name(self) -> str:
        """A name; of the known names with blanks or signs the longest that fits."""
        self.peek()
        patterns = (odd_names(self.known), odd_names(self.declared_names))
        found = [m for p in patterns if (m := p.match(self.text, self.at))]
        if found:
            longest = max(found, key=lambda m: m.end())
            self.at = longest.end()
            return " ".join(longest[0].split())
        match = NAME.match(self.text, self.at)
        if not match or match[0] in KEYWORDS - {"of", "external", "function", "in"}:
            raise self.fail("a name")
        self.at = match.end()
        return match[0]

    def learn(self, name: str) -> str:
        """A name that the text itself declares."""
        if name and not NAME.fullmatch(name):
            self.declared_names |= {name}
        return name

    def declared(self, *ends: str) -> str:
        """A name that is declared here and runs up to one of these signs."""
        self.peek()
        match = re.compile(r".*?(?=\s*(?:" + "|".join(ends) + "))", re.S).match(self.text, self.at)
        if not match or not re.match(rf"{START}|\?", match[0]):
            raise self.fail("a name")
        self.at = match.end()
        return self.learn(" ".join(match[0].split()))

    def string(self) -> str:
        """A text literal with its escapes; two surrogates become one character."""
        match = STRING.match(self.text, self.at)
        if not match:
            raise self.fail("the closing quote of a text")
        self.at = match.end()

        def plain(found: re.Match[str]) -> str:
            sign = found[1]
            if len(sign) > 1 and int(sign[1:], 16) <= 0x10FFFF:
                return chr(int(sign[1:], 16))
            return PLAIN.get(sign, found[0])

        text = ESCAPE.sub(plain, match[1])
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
