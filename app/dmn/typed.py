"""Brings values to the types that a model declares for them: DMN's item definitions."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from app.dmn import temporal
from app.dmn.errors import FeelFault
from app.dmn.evaluate import Feel
from app.dmn.values import kind_of

READERS = {"date": temporal.read_date, "time": temporal.read_time,
           "date and time": temporal.read_moment, "dateTime": temporal.read_moment,
           "days and time duration": temporal.read_duration,
           "years and months duration": temporal.read_duration}  # fmt: skip
BASIC = {"number", "string", "boolean", *READERS}


class Types:
    """The item definitions of one model."""

    def __init__(self, root: Element, feel: Feel) -> None:
        self.feel = feel
        self.known = {e.get("name", ""): e for e in root if e.tag.endswith("}itemDefinition")}

    def fit(self, value: Any, name: str, where: str) -> Any:
        """The value as this type; null and a message where it does not fit."""
        try:
            return self._fit(value, name, where)
        except FeelFault as fault:
            self.feel.messages.append(str(fault))
            return None

    def _fit(self, value: Any, name: str, where: str) -> Any:
        if name in self.known:
            return self._define(value, self.known[name], where)
        if ":" in name:
            name = name.rpartition(":")[2]
        if value is None or name not in BASIC:
            return value
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if name in READERS and isinstance(value, str):
            return READERS[name](value)
        if kind_of(value) != name.replace("dateTime", "date and time"):
            raise FeelFault(f"'{where}' is a {kind_of(value)}; the model wants {name}")
        return value

    def _define(self, value: Any, element: Element, where: str) -> Any:
        if element.get("isCollection") == "true" and value is not None:
            items = value if isinstance(value, list) else [value]
            return [self._item(item, element, where) for item in items]
        return self._item(value, element, where)

    def _item(self, value: Any, element: Element, where: str) -> Any:
        parts = {e.tag.rpartition("}")[2]: e for e in element}
        if value is None:
            return None
        if "itemComponent" in parts:
            if not isinstance(value, dict):
                raise FeelFault(f"'{where}' must be a context")
            components = [e for e in element if e.tag.endswith("}itemComponent")]
            return {
                **value,
                **{
                    c.get("name", ""): self._define(
                        value.get(c.get("name", "")), c, f"{where}.{c.get('name')}"
                    )
                    for c in components
                },
            }
        if "typeRef" in parts:
            value = self._fit(value, (parts["typeRef"].text or "").strip(), where)
        if "allowedValues" in parts:
            text = "".join(e.text or "" for e in parts["allowedValues"])
            if self.feel.run(self.feel.tree(text, tests=True), {"?": value}) is not True:
                raise FeelFault(f"'{where}' is outside its allowed values: {text.strip()}")
        return value
