"""FEEL of a model → text of our language, with the names of the model made ours.

Our language is a part of FEEL, so the text stays as it is but for the names. A word that is no name
here is refused before our parser sees it: it would read a bare word as a category.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from app.rules.lexer import FUNCTIONS, KEYWORDS

STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
NUMBER = re.compile(r"(?:\d+(?:\.(?!\.)\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
WORD = re.compile(r"[^\W\d]\w*")
OUR_WORDS = {*KEYWORDS, *(word for name in FUNCTIONS for word in name.split())}
SPACE = re.compile(r"\s+")


class Unfit(Exception):
    """Why a part of a model cannot be said in our language."""


def plain_name(name: str) -> str:
    """A name of a model with single blanks."""
    return SPACE.sub(" ", name).strip()


def our_name(name: str, taken: Iterable[str]) -> str:
    """A name of a model as one of ours that is not taken: what is no letter or digit becomes _."""
    found = re.sub(r"_+", "_", re.sub(r"\W", "_", plain_name(name))).strip("_") or "value"
    if not WORD.fullmatch(found):
        found = f"n_{found}"
    wanted, number = found, 1
    while found in taken or found in OUR_WORDS:
        number += 1
        found = f"{wanted}_{number}"
    return found


class Names:
    """The names that expressions of a model may read, and what each is in our language."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = {plain_name(name): ours for name, ours in known.items()}
        longest = sorted(self.known, key=len, reverse=True)
        self.patterns = [
            (re.compile(r"\s+".join(map(re.escape, name.split(" ")))), self.known[name])
            for name in longest
        ]

    def translate(self, text: str) -> str:
        """The text with our names. Raises Unfit at a word that is no name here."""
        found: list[str] = []
        at = 0
        while at < len(text):
            if match := STRING.match(text, at) or NUMBER.match(text, at):
                found.append(match[0])
                at = match.end()
            elif named := self._name(text, at):
                found.append(named[0])
                at = named[1]
            elif match := WORD.match(text, at):
                if match[0] not in OUR_WORDS:
                    raise Unfit(_stranger(text, match))
                found.append(match[0])
                at = match.end()
            else:
                found.append(text[at])
                at += 1
        return SPACE.sub(" ", "".join(found)).strip()

    def _name(self, text: str, at: int) -> tuple[str, int] | None:
        for pattern, ours in self.patterns:
            match = pattern.match(text, at)
            if match and not (match[0][-1].isalnum() and WORD_GOES_ON.match(text, match.end())):
                return ours, match.end()
        return None


WORD_GOES_ON = re.compile(r"\w")


def _stranger(text: str, match: re.Match[str]) -> str:
    if text[match.end() :].lstrip().startswith("("):
        known = ", ".join(FUNCTIONS)
        return f"our language has no function '{match[0]}'; it has {known}"
    return f"'{match[0]}' is no input or decision that fits and is required here"
