"""The types of FEEL and of a model's item definitions: what conforms, and what is converted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from app.dmn import temporal
from app.dmn.builtins_text import inside as text_value
from app.dmn.errors import FeelFault
from app.dmn.moments import Date, midnight
from app.dmn.scanner import Node
from app.dmn.values import Function, Range, kind_of
from app.dmn.xml import child, children, text_of

READERS: dict[str, Callable[[str], Any]] = {
    "date": temporal.read_date, "time": temporal.read_time,
    "date and time": temporal.read_moment,
    "days and time duration": temporal.read_duration,
    "years and months duration": temporal.read_duration,
}  # fmt: skip
OTHER = {"dateTime": "date and time", "dayTimeDuration": "days and time duration",
         "yearMonthDuration": "years and months duration", "Range": "range", "any": "Any",
         "integer": "number", "int": "number", "long": "number", "double": "number",
         "float": "number", "decimal": "number"}  # fmt: skip
BASIC = {"number", "string", "boolean", "list", "context", "function", "range", "Any", "Null",
         "duration", *READERS}  # fmt: skip
ANY: Node = ("named", "Any")
MOST_LINKS = 50
LONGEST = 40
Judge = Callable[[str, Any], bool]


class Types:
    """The item definitions of one model; `judge` evaluates unary tests on a value."""

    def __init__(
        self, known: dict[str, Element], judge: Judge, tell: Callable[[str], None]
    ) -> None:
        self.known, self.judge, self.tell = known, judge, tell
        self.imported: dict[str, Types] = {}

    def fit(self, value: Any, kind: Node, where: str) -> Any:
        """The value as this type, after FEEL's implicit conversions; a fault if it does not fit."""
        if self.unknown(kind):
            self.tell(f"there is no type '{kind[1]}'; '{where}' is taken as it is")
            return value
        many = self.is_list(kind)
        if value is None or self.conforms(value, kind):
            return value
        single = isinstance(value, list) and len(value) == 1 and not many
        if single and self.conforms(value[0], kind):
            return value[0]
        if not isinstance(value, list) and many and self.conforms([value], kind):
            return [value]
        if isinstance(value, Date) and self.conforms(midnight(value), kind):
            return midnight(value)
        raise FeelFault(
            f"'{where}' is the {kind_of(value)} {short(value)}, not of the type {written(kind)}"
            + self.reason(value, kind)
        )

    def unknown(self, kind: Node) -> bool:
        """Whether a type is a name that neither FEEL nor the model has."""
        named_so = kind[0] == "named" and basic_name(kind[1]) not in BASIC
        return named_so and self.definition(kind)[1] is None

    def reason(self, value: Any, kind: Node) -> str:
        """Which allowed values it is outside of, if that is why it does not fit."""
        owner, element = self.definition(kind)
        if element is None or owner.without_values(value, element) is False:
            return ""
        values = owner.allowed(element)
        return f"; allowed are {', '.join(values)}" if values else ""

    def conforms(self, value: Any, kind: Node, limits: bool = True) -> bool:
        """Whether a value is of a type; null is of every type. `limits`: allowed values count."""
        if value is None:
            return True
        if kind[0] == "list":
            return isinstance(value, list) and all(self.conforms(v, kind[1], limits) for v in value)
        if kind[0] == "range":
            ends = [value.low, value.high] if isinstance(value, Range) else []
            return bool(ends) and all(self.conforms(end, kind[1], limits) for end in ends)
        if kind[0] == "context":
            return isinstance(value, dict) and all(
                key in value and self.conforms(value[key], part, limits)
                for key, part in kind[1].items()
            )
        if kind[0] == "function":
            return self._callable(value, kind[1], kind[2])
        owner, element = self.definition(kind)
        if element is not None:
            return owner.defined(value, element, limits)
        return is_basic(value, kind[1])

    def _callable(self, value: Any, parameters: list[Node], result: Node) -> bool:
        if not isinstance(value, Function) or len(value.parameters) != len(parameters):
            return False
        takes = all(
            self.subtype(given, taken or ("named", "Any"))
            for given, taken in zip(parameters, value.types or [None] * len(parameters),
                                    strict=False)
        )  # fmt: skip
        gives = value.result or value.shape
        return takes and (gives is None or self.subtype(gives, result))

    def subtype(self, one: Node, two: Node) -> bool:
        """Whether every value of the first type is of the second."""
        if two == ("named", "Any") or one == two:
            return True
        if one[0] != two[0]:
            return False
        if one[0] in ("list", "range"):
            return self.subtype(one[1], two[1])
        if one[0] == "context":
            return all(k in one[1] and self.subtype(one[1][k], t) for k, t in two[1].items())
        return False

    def definition(self, kind: Node) -> tuple[Types, Element | None]:
        """The item definition that a name stands for, and the model that has it."""
        if kind[0] != "named":
            return self, None
        name = str(kind[1])
        if name in self.known:
            return self, self.known[name]
        head, _, rest = name.partition(".")
        if rest and head in self.imported:
            return self.imported[head].definition(("named", rest))
        if basic_name(name) not in BASIC:
            for other in self.imported.values():
                if name in other.known:
                    return other, other.known[name]
        return self, None

    def is_list(self, kind: Node) -> bool:
        """Whether a type is one of lists, also behind other names."""
        for _ in range(MOST_LINKS):
            if kind[0] != "named":
                return bool(kind[0] == "list")
            owner, element = self.definition(kind)
            if element is None:
                return bool(kind[1] == "list")
            if element.get("isCollection") == "true":
                return True
            link = child(element, "typeRef")
            if link is None:
                return False
            kind = named(link.text)
            if owner is not self:
                return owner.is_list(kind)
        raise FeelFault(f"the type '{kind[1]}' stands for itself")

    def defined(self, value: Any, element: Element, limits: bool = True) -> bool:
        """Whether a value is as an item definition says."""
        if value is None:
            return True
        if element.get("isCollection") == "true":
            return isinstance(value, list) and all(self.item(v, element, limits) for v in value)
        return self.item(value, element, limits)

    def item(self, value: Any, element: Element, limits: bool = True) -> bool:
        """Whether a value is as an item definition says of one item, allowed values included."""
        if value is None:
            return True
        if not self.without_values(value, element, limits):
            return False
        return not limits or all(self.judge(text, value) for text in self.allowed(element))

    def without_values(self, value: Any, element: Element, limits: bool = True) -> bool:
        """The same without its own allowed values."""
        components = children(element, "itemComponent")
        if components:
            return isinstance(value, dict) and all(
                c.get("name", "") in value and self.defined(value[c.get("name", "")], c, limits)
                for c in components
            )
        function = child(element, "functionItem")
        if function is not None:
            kinds = [named(p.get("typeRef")) for p in children(function, "parameters")]
            return self._callable(value, kinds, named(function.get("outputTypeRef")))
        link = child(element, "typeRef")
        return link is None or self.conforms(value, named(link.text), limits)

    def allowed(self, element: Element) -> list[str]:
        """The unary tests that limit an item definition."""
        parts = [*children(element, "allowedValues"), *children(element, "typeConstraint")]
        return [text for text in (text_of(part).strip() for part in parts) if text]

    def read(self, value: Any, kind: Node) -> Any:
        """A value from JSON, with texts made dates, times and durations where the type says so."""
        owner, element = self.definition(kind)
        if element is not None:
            return owner.read_item(value, element)
        if kind == ANY:
            return untyped(value)
        reader = READERS.get(basic_name(kind[1])) if kind[0] == "named" else None
        if isinstance(value, list) and reader:
            return [self.read(item, kind) for item in value]
        return reader(value) if reader and isinstance(value, str) else value

    def read_item(self, value: Any, element: Element) -> Any:
        """The same by an item definition."""
        if isinstance(value, list):
            return [self.read_item(item, element) for item in value]
        components = children(element, "itemComponent")
        if components and isinstance(value, dict):
            parts = {c.get("name", ""): c for c in components}
            return {
                key: self.read_item(item, parts[key]) if key in parts else item
                for key, item in value.items()
            }
        link = child(element, "typeRef")
        return self.read(value, named(None if link is None else link.text))


def named(text: str | None) -> Node:
    """The type of a `typeRef`; none is Any."""
    words = " ".join((text or "").split())
    head, _, rest = words.partition(":")
    return ("named", (rest if rest and head.isidentifier() else words) or "Any")


def untyped(value: Any) -> Any:
    """An input without a declared type: a text that is a date, time or duration becomes one."""
    if isinstance(value, list):
        return [untyped(item) for item in value]
    if isinstance(value, dict):
        return {key: untyped(item) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return temporal.read_any(value)
    except FeelFault:
        return value


def basic_name(name: str) -> str:
    """The name of a basic type; XML Schema's names too."""
    return OTHER.get(name, name)


def is_basic(value: Any, name: str) -> bool:
    """Whether a value is of a basic type; a fault where there is no such type."""
    name = basic_name(name)
    if name not in BASIC:
        raise FeelFault(f"there is no type '{name}'")
    if name == "Any":
        return True
    return kind_of(value) == name or (name == "duration" and kind_of(value).endswith(name))


def short(value: Any) -> str:
    """A value as a message shows it."""
    text = text_value(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def written(kind: Node) -> str:
    """A type as FEEL writes it."""
    if kind[0] == "named":
        return str(kind[1])
    if kind[0] in ("list", "range"):
        return f"{kind[0]}<{written(kind[1])}>"
    if kind[0] == "context":
        return "context<" + ", ".join(f"{k}: {written(t)}" for k, t in kind[1].items()) + ">"
    return "function<" + ", ".join(map(written, kind[1])) + f"> -> {written(kind[2])}"
