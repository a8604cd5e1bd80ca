"""Terms → a program: one flat list of operations in which each distinct term stands once, operands
before their use.

The scalar and the numpy evaluator run the same list, so neither can read a tree in another way than
the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.rules.terms import Term


@dataclass(frozen=True, slots=True)
class Operation:
    """`args` are indices of earlier operations."""

    op: str
    kind: str
    args: tuple[int, ...]
    payload: Any


@dataclass(frozen=True, slots=True)
class Program:
    """`outputs[i]` is the index of the operation that gives the i-th term; `inputs` the names read,
    in order of first use.
    """

    operations: tuple[Operation, ...]
    outputs: tuple[int, ...]
    inputs: tuple[tuple[str, str], ...]  # (name, kind)


def build_program(terms: Sequence[Term]) -> Program:
    """One program for several terms; what they share is computed once."""
    operations: list[Operation] = []
    index: dict[tuple[Any, ...], int] = {}
    inputs: dict[str, str] = {}

    def place(term: Term) -> int:
        args = tuple(place(arg) for arg in term.args)
        if term.op in ("min", "max"):  # of two at a time, from the left
            while len(args) > 2:
                args = (keep((term.op, term.kind, args[:2], None)), *args[2:])
        if term.op == "input":
            inputs[term.payload] = term.kind
        return keep((term.op, term.kind, args, term.payload))

    def keep(fields: tuple[str, str, tuple[int, ...], Any]) -> int:
        # 0.0 == -0.0 and 1 == 1.0 == True in Python, hence the type and the repr.
        key = (*fields[:3], type(fields[3]), repr(fields[3]))
        if key not in index:
            index[key] = len(operations)
            operations.append(Operation(*fields))
        return index[key]

    outputs = tuple(place(term) for term in terms)
    return Program(tuple(operations), outputs, tuple(inputs.items()))
