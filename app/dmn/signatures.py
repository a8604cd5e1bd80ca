"""Signatures of built-in functions: text → the values by place, checked and converted.

`substring(string: string, start position: number, length?: number)`: a `?` after a name means
that it may be left out or null, `...` that it takes all that follows. A function may have several
signatures; the first that fits is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from app.dmn.errors import FeelFault
from app.dmn.moments import Date, midnight
from app.dmn.values import Function, kind_of

Work = TypeVar("Work", bound=Callable[..., Any])
SHORT = {"ym": "years and months duration", "dt": "days and time duration",
         "moment": "date and time"}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, the kinds that it takes, and how often."""

    name: str
    kinds: tuple[str, ...]
    optional: bool
    many: bool

    def take(self, value: Any) -> tuple[bool, Any]:
        """Whether a value fits, and the value after FEEL's implicit conversions."""
        kind = kind_of(value)
        if value is None:
            return self.optional or "Any" in self.kinds, None
        if "Any" in self.kinds or kind in self.kinds:
            return True, value
        if isinstance(value, list) and len(value) == 1 and kind_of(value[0]) in self.kinds:
            return True, value[0]
        if isinstance(value, Date) and "date and time" in self.kinds:
            return True, midnight(value)
        return ("list" in self.kinds, [value])


@dataclass(frozen=True)
class Signature:
    """One form of a built-in function."""

    text: str
    parameters: tuple[Parameter, ...]
    work: Callable[..., Any]

    def bind(self, values: list[Any], names: list[str]) -> list[Any] | None:
        """The values by place, or None where this form does not take them."""
        wanted = self.parameters
        if names:
            given = dict(zip(names, values, strict=True))
            if len(given) < len(values) or set(given) - {p.name for p in wanted}:
                return None
            values = [given.get(p.name) for p in wanted]
        elif wanted and wanted[-1].many:
            rest = max(len(values) - len(wanted) + 1, 0)
            wanted = (*wanted[:-1], *[wanted[-1]] * rest)
        if len(values) > len(wanted):
            return None
        if any(not p.optional for p in wanted[len(values) :]):
            return None
        found = []
        for parameter, value in zip(wanted, values, strict=False):
            fits, taken = parameter.take(value)
            if not fits:
                return None
            found.append(taken)
        return found


def read(text: str, work: Callable[..., Any]) -> Signature:
    """A signature from its text."""
    rest = text.partition("(")[2]
    found = []
    for part in filter(None, rest.rstrip(")").split(", ")):
        label, _, kinds = part.partition(": ")
        parameter = label.rstrip("?").removesuffix("...")
        found.append(Parameter(parameter, tuple(SHORT.get(k, k) for k in kinds.split("|")),
                               label.endswith("?"), label.endswith("...")))  # fmt: skip
    for short, long in SHORT.items():
        text = re.sub(rf"(?<=[ |]){short}(?=[|,)])", long, text)
    return Signature(text, tuple(found), work)


def builtin(forms: list[Signature]) -> Function:
    """A function value with these forms."""

    def call(*values: Any) -> Any:
        return invoke_forms(forms, list(values), [])

    names = tuple(p.name for p in forms[0].parameters)
    return Function(names, call, bind=lambda values, given: invoke_forms(forms, values, given))


def invoke_forms(forms: list[Signature], values: list[Any], names: list[str]) -> Any:
    """The result of the first form that takes these values."""
    for form in forms:
        bound = form.bind(values, names)
        if bound is not None:
            return form.work(*bound)
    kinds = ", ".join(map(kind_of, values)) or "nothing"
    wanted = " or ".join(form.text for form in forms)
    raise FeelFault(f"the function takes {wanted}; given: {kinds}")


class Room:
    """A table of functions that is filled by a decorator."""

    def __init__(self) -> None:
        self.forms: dict[str, list[Signature]] = {}

    def __call__(self, *texts: str) -> Callable[[Work], Work]:
        """Register a function under the signatures of these texts."""

        def keep(work: Work) -> Work:
            for text in texts:
                self.forms.setdefault(text.partition("(")[0], []).append(read(text, work))
            return work

        return keep
