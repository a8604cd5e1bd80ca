"""A text comes in; how it is written in a YAML file goes out, in the style of what stood there.

Every way of writing is read back by the strict loader before it is used, so nothing depends on
knowing all traps of YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as Pairs
from collections.abc import Sequence as Values
from decimal import Decimal
from typing import Any

from app.rules.document import Mapping, Scalar, load_yaml
from app.rules.problems import ProblemsFound

Hints = frozenset[str]  # keys whose values are written in quotes beside this one


def write_scalar(text: str | None, quotes: str = "", in_flow: bool = True) -> str:
    """The text as a YAML value that may stand in a block and, with `in_flow`, in braces too; in the
    given quotes if it can be.
    """
    if text is None:
        return "null"
    single = "'" + text.replace("'", "''") + "'"
    double = json.dumps(text, ensure_ascii=False)
    if "\\" in double and "\n" not in text:
        ways = [text, single, double] if not quotes else [single, double]
    elif quotes == "'":
        ways = [single, double]
    elif quotes == '"':
        ways = [double, single]
    else:
        ways = [text, double, single]
    for way in ways:
        if "\n" not in way and _reads_as(way, text, in_flow):
            return way
    return json.dumps(text)


def write_flow(value: Any, quoted: Hints = frozenset(), key: str = "") -> str:
    """A value on one line: `{id: T-A, score: ">= 85"}`, `[drawdown, review]`, a text or null."""
    if isinstance(value, Pairs):
        pairs = (f"{write_scalar(k)}: {write_flow(v, quoted, k)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, Values) and not isinstance(value, str):
        return "[" + ", ".join(write_flow(one, quoted, key) for one in value) + "]"
    return write_scalar(value, '"' if key in quoted else "")


def write_number(number: Decimal) -> str:
    """A number as analysts write it: `0.00019`, `500_000`."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    whole, dot, decimals = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    if len(digits) > 3:
        digits = re.sub(r"(?<=\d)(?=(\d{3})+$)", "_", digits)
    return "0" if text in ("-0", "") else sign + digits + dot + decimals


def _reads_as(written: str, text: str, in_flow: bool) -> bool:
    """Whether the loader gives the text back, in a block and, if asked for, in a flow."""
    flows = (f"k: {{a: {written}, b: 1}}\n", f"k: [{written}]\n") if in_flow else ()
    try:
        for document in (f"k: {written}\n", *flows):
            root = load_yaml("", document)
            node: Any = root.items[0][1] if isinstance(root, Mapping) else None
            if document.startswith("k: {"):
                node = node.get("a") if isinstance(node, Mapping) and len(node.items) == 2 else None
            elif document.startswith("k: ["):
                node = node.items[0] if len(node.items) == 1 else None
            if not isinstance(node, Scalar) or node.is_null or node.text != text:
                return False
    except (ProblemsFound, AttributeError, IndexError):
        return False
    return True
