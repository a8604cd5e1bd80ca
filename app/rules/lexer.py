"""Text of an expression → tokens. Bounded: a text that is too long is refused before anything reads
it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_EXPRESSION = 10_000  # characters
LONGEST_NUMBER = 40  # characters of one literal


class ExpressionError(Exception):
    """A place in an expression that cannot be read: offset and width in characters, code, message,
    hint.
    """

    def __init__(
        self, offset: int, code: str, message: str, hint: str | None = None, width: int = 1
    ) -> None:
        super().__init__(message)
        self.offset, self.code, self.message, self.hint, self.width = (
            offset,
            code,
            message,
            hint,
            width,
        )


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, text, name, word (a keyword or function), sign or end."""

    kind: str
    text: str
    start: int
    end: int


KEYWORDS = frozenset(
    {"and", "or", "not", "if", "then", "else", "between", "in", "true", "false", "null"}
)
FUNCTIONS = {
    "min": "min",
    "max": "max",
    "abs": "abs",
    "floor": "floor",
    "ceiling": "ceiling",
    "decimal": "decimal",
    "round up": "round_up",
    "round down": "round_down",
    "round half up": "round_half_up",
    "round half down": "round_half_down",
}
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>(?:\d[\d_]*(?:\.(?!\.)\d[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
  | (?P<round>round\ +(?:half\ +up|half\ +down|up|down)\b)
  | (?P<name>[^\W\d]\w*)
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<sign>\.\.|!=|<=|>=|[=<>+\-*/(),\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_MISTAKES = {
    "==": "equality is written with one =",
    "<>": "'not equal' is written !=",
    "&&": "write and",
    "||": "write or",
    "**": "powers are not part of the language",
    "!": "write not(…) or !=",
    "'": 'a text stands in double quotes, as in "A"',
    "%": "write a share as 0.15, not 15%",
    "≥": "write >=",
    "≤": "write <=",
    "≠": "write !=",
    "“": 'write the straight quote "',
    "”": 'write the straight quote "',
    "（": "write the half-width (",
    "）": "write the half-width )",
    "，": "write the half-width ,",
    "＞": "write the half-width >",
    "＜": "write the half-width <",
    "＝": "write the half-width =",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


def tokenize(text: str) -> list[Token]:
    """All tokens and an end token. Raises ExpressionError."""
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionError(
            0,
            "too-long",
            f"the expression has {len(text):,} characters; at most {LONGEST_EXPRESSION:,} are read",
            "split it with `let`, or into several rules",
        )
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        kind, piece = match.lastgroup or "", match.group()
        if text.startswith(("==", "<>", "**"), at):
            raise _unreadable(text, at)
        if kind == "number":
            _check_number(text, match)
        if piece == ",":
            _check_comma(text, at, tokens)
        if kind == "round":
            kind, piece = "word", " ".join(piece.split())
        elif kind == "name" and (piece in KEYWORDS or piece in FUNCTIONS):
            kind = "word"
        if kind != "space":
            tokens.append(Token(kind, piece, at, match.end()))
        at = match.end()
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _unreadable(text: str, at: int) -> ExpressionError:
    if text[at] == '"':
        return ExpressionError(
            at, "open-text", "the text that starts here has no end", 'end it with "'
        )
    for mistake, hint in _MISTAKES.items():
        if text.startswith(mistake, at):
            return ExpressionError(
                at, "bad-sign", f"'{mistake}' cannot be read", hint, len(mistake)
            )
    sign = text[at] if text[at].isprintable() else f"U+{ord(text[at]):04X}"
    return ExpressionError(at, "bad-sign", f"'{sign}' cannot be read")


def _check_number(text: str, match: re.Match[str]) -> None:
    piece, at = match.group(), match.start()
    if len(piece) > LONGEST_NUMBER or not float(piece.replace("_", "")) < float("inf"):
        raise ExpressionError(
            at, "number-too-long", "this number is too long to be held", None, min(len(piece), 60)
        )
    following = text[match.end() : match.end() + 1]
    if following and (following == "_" or following.isalpha()):
        raise ExpressionError(
            at,
            "bad-number",
            f"'{piece}{following}…' is neither a number nor a name",
            "a name starts with a letter",
            len(piece) + 1,
        )


_THREE_DIGITS = re.compile(r"\d{3}(?![\d_.])")


def _check_comma(text: str, at: int, before: list[Token]) -> None:
    """Refuse `500,000` and `>= 1,500`: as a list they would silently mean something else."""
    if not before or before[-1].kind != "number" or before[-1].end != at:
        return
    is_ordered = len(before) > 1 and before[-2].text in ("<", "<=", ">", ">=")
    is_whole = before[-1].text.isdigit() and len(before[-1].text) <= 3
    if is_whole and _THREE_DIGITS.match(text, at + 1):
        if not (is_ordered or text[at + 1] == "0" or len(before) == 1):
            return
        raise ExpressionError(
            at,
            "unexpected",
            "',' does not fit inside a number",
            "thousands are separated by an underscore, as in 500_000;"
            " in a list of values a blank follows the comma",
        )


def unescape(token: Token) -> str:
    """The value of a text token. Raises ExpressionError for an unknown escape or half a surrogate
    pair.
    """

    def one(match: re.Match[str]) -> str:
        if match.group(1):
            return chr(int(match.group(1), 16))
        if match.group(2) not in _ESCAPES:
            raise ExpressionError(
                token.start + 1 + match.start(),
                "bad-escape",
                f"'\\{match.group(2)}' means nothing",
                "a backslash is written \\\\",
                2,
            )
        return _ESCAPES[match.group(2)]

    value = _ESCAPE.sub(one, token.text[1:-1])
    value = (
        value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if _has_surrogate(value)
        else value
    )
    if "\ufffd" in value and "\ufffd" not in token.text:
        raise ExpressionError(
            token.start,
            "bad-escape",
            "half of a surrogate pair is no character",
            "write the character itself",
            len(token.text),
        )
    return value


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)
