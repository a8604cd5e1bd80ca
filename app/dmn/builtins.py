"""All built-in functions of FEEL, by name."""

from __future__ import annotations

from app.dmn import (
    builtins_contexts,
    builtins_lists,
    builtins_numbers,
    builtins_ranges,
    builtins_temporal,
    builtins_text,
)  # fmt: skip
from app.dmn.signatures import Signature, builtin
from app.dmn.values import Function

ROOMS = (builtins_numbers, builtins_text, builtins_lists, builtins_contexts, builtins_temporal,
         builtins_ranges)  # fmt: skip
FORMS: dict[str, list[Signature]] = {
    name: forms for room in ROOMS for name, forms in room.feel.forms.items()
}
BUILTINS: dict[str, Function] = {name: builtin(forms) for name, forms in FORMS.items()}
