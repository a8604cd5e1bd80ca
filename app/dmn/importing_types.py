"""Types of a model → types of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from app.dmn.importing_text import WORD, Names, Unfit, plain_name
from app.rules import syntax as s
from app.rules.lexer import ExpressionError
from app.rules.parser import parse_cell
from app.rules.types import Type

BASIC = {"number": "number", "string": "text", "boolean": "boolean"}
# what tools beside the standard call their numbers
BASIC |= {"integer": "integer", "long": "integer", "double": "number"}
OURS = ("money", "ratio", "integer")  # item definitions of an export of ours


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def parts(element: Element, *names: str) -> list[Element]:
    """The children of these names."""
    return [child for child in element if local(child) in names]


def text_in(element: Element | None) -> str:
    """What stands in the `text` of an element."""
    texts = parts(element, "text") if element is not None else []
    return "".join(one.text or "" for one in texts).strip()


def first(element: Element, name: str) -> Element | None:
    """The first child of a name."""
    return next(iter(parts(element, name)), None)


@dataclass(frozen=True)
class Found:
    """A type of ours, and what it cannot say of the model's."""

    type: Type
    note: str = ""


class ModelTypes:
    """The item definitions of a model."""

    def __init__(self, root: Element) -> None:
        self.known = {e.get("name", ""): e for e in parts(root, "itemDefinition")}

    def find(self, name: str, deep: int = 0) -> Found:
        """The type of that name. Raises Unfit where the catalogue has none such."""
        name = name.strip()
        if name not in self.known:
            name = name.rpartition(":")[2]
        if name in self.known and deep < 20:
            return self._define(self.known[name], deep)
        if not name or name == "Any":
            raise Unfit("the model does not say of which type it is; give it a typeRef")
        if name not in BASIC:
            raise Unfit(f"the catalogue has no type '{name}': number, string and boolean fit")
        return Found(Type(BASIC[name]))

    def _define(self, element: Element, deep: int) -> Found:
        name = element.get("name", "")
        if element.get("isCollection") == "true" or parts(element, "itemComponent"):
            raise Unfit(f"the type '{name}' is a list or a structure; an input is one value")
        base = first(element, "typeRef")
        found = self.find((base.text or "") if base is not None else "", deep + 1)
        if name in OURS and found.type.declared == "number":
            found = Found(Type(name))
        allowed = first(element, "allowedValues")
        return limit_to(found, text_in(allowed)) if allowed is not None else found


def limit_to(found: Found, allowed: str) -> Found:
    """The type with its allowed values, as far as the catalogue can say them."""
    left = f"allowed values {allowed} are not said by the catalogue"
    try:
        tests = parse_cell(Names({}).translate(allowed)) or ()
    except (ExpressionError, Unfit):
        return replace(found, note=left)
    if found.type.declared in ("text", "category"):
        texts = [_word(test) for test in tests]
        known = tuple(dict.fromkeys(text for text in texts if text is not None))
        if known and None not in texts:
            return Found(Type("category", known), found.note)
    elif len(tests) == 1 and found.type.declared != "boolean":
        ends = _ends(tests[0])
        if ends is not None:
            low, high, is_exact = ends
            note = "" if is_exact else f"of {allowed} the ends themselves are let in"
            return Found(Type(found.type.declared, None, low, high), note)
    elif found.type.declared == "boolean" and allowed.replace(" ", "") in (
        "true,false",
        "false,true",
    ):
        return found
    return replace(found, note=left)


def _word(test: s.Test) -> str | None:
    match test:
        case s.CompareTest(op="=", operand=s.TextLiteral(value=text)):
            return text
    return None


def _ends(test: s.Test) -> tuple[Decimal | None, Decimal | None, bool] | None:
    match test:
        case s.CompareTest(op=">=" | ">" as op, operand=operand):
            low = number_of(operand)
            return (low, None, op == ">=") if low is not None else None
        case s.CompareTest(op="<=" | "<" as op, operand=operand):
            high = number_of(operand)
            return (None, high, op == "<=") if high is not None else None
        case s.RangeTest():
            low, high = number_of(test.low), number_of(test.high)
            if low is not None and high is not None:
                return low, high, test.low_included and test.high_included
    return None


def number_of(node: s.Syntax) -> Decimal | None:
    """The number of a literal."""
    match node:
        case s.NumberLiteral(value=value):
            return value
        case s.Negative(operand=s.NumberLiteral(value=value)):
            return -value
    return None


def columns_of(root: Element) -> dict[str, str]:
    """The names that stand alone in columns of decisions' tables, with the type of the column."""
    found: dict[str, str] = {}
    tables = [t for d in parts(root, "decision") for t in parts(d, "decisionTable")]
    for clause in (clause for table in tables for clause in parts(table, "input")):
        expression = first(clause, "inputExpression")
        text = plain_name(text_in(expression))
        if expression is not None and WORD.fullmatch(text):
            found[text] = found.get(text) or expression.get("typeRef") or ""
    return found


def column_values(root: Element, name: str) -> set[tuple[str, ...]]:
    """The lists of input values that tables give for a column of that input."""
    found: set[tuple[str, ...]] = set()
    for clause in root.iter():
        if local(clause) != "input" or first(clause, "inputValues") is None:
            continue
        if text_in(first(clause, "inputExpression")) == name:
            limited = limit_to(Found(Type("text")), text_in(first(clause, "inputValues")))
            found.add(limited.type.values or ())
    return found
