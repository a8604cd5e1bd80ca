"""The durable-rules evaluator: conditions are matched by the C engine, one fact a merchant, driven
the one way that is safe.

A condition is brought to negation normal form; a comparison with a constant becomes an alpha test,
over an input or over a value that the scalar evaluator derived first; a test that the engine cannot
express is derived whole. When a condition did not fire and something that it reads is missing, a
second ruleset, of the negated conditions, is asked: neither fires means unknown.

How the C module must be driven, and why: one session a handle under a lock, assert → drain →
retract, never delete; fewer than 60 branches a ruleset; only what it reads in a fact; numbers in
positional notation; types checked before. docs/decisions has the record.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import durable_rules_engine
import numpy as np

from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.terms import COMPARE, Term
from app.rules.types import BOOLEAN, MONEY, TEXT

MOST_BRANCHES = 50  # of one durable ruleset; the engine fails beyond 64 that match one fact
MOST_BRANCHES_OF_ONE = 12  # a condition with more is derived whole
MOST_FIELDS = 200  # of one fact; the engine fails beyond 252
LONGEST_TEXT = 200  # characters of a text that the engine sees
MOST_TEXTS_KEPT = 1_000
NEGATED = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
SIGNS = {"ne": "$neq", "lt": "$lt", "le": "$lte", "gt": "$gt", "ge": "$gte"}

_assert_fact = durable_rules_engine.assert_fact
_retract_fact = durable_rules_engine.retract_fact
_start_action = durable_rules_engine.start_action_for_state
_next_action = durable_rules_engine.complete_and_start_action
_ruleset_names = (f"chengxin{number}" for number in itertools.count(1))
_name_lock = threading.Lock()


class DurableFailed(Exception):
    """The C engine reported an error; what it would have said is not known."""


class DurableConditions:
    """Several boolean terms, ready to be judged for one merchant by durable-rules."""

    def __init__(self, conditions: Sequence[Term]) -> None:
        fields = _Fields()
        positive = [fields.lower(condition, False) for condition in conditions]
        self._negative = [fields.lower(condition, True) for condition in conditions]
        self._facts = fields.compile()
        self._reads = [frozenset(_fields_of(pattern)) for pattern in positive]
        self._shards = _split(positive, self._facts)
        self._negative_shards: list[_Shard] | None = None
        self._build_lock = threading.Lock()
        self._all_clear: list[bool | None] = [False] * len(positive)

    def judge(self, values: Mapping[str, Any]) -> list[bool | None]:
        """True, False or None (unknown) for each condition. Raises DurableFailed."""
        known = self._facts.values_of(values)
        results = self._all_clear.copy()
        for shard in self._shards:
            for index in shard.ask(known):
                results[index] = True
        if None in known:
            self._find_unknown(known, results)
        return results

    def _find_unknown(self, known: tuple[Any, ...], results: list[bool | None]) -> None:
        """Where something is missing, a condition that did not fire is false only if its negation
        fires.
        """
        missing = {
            field for field, value in zip(self._facts.names, known, strict=True) if value is None
        }
        unsure = [
            index
            for index, result in enumerate(results)
            if result is False and not missing.isdisjoint(self._reads[index])
        ]
        if unsure:
            false = set().union(*(shard.ask(known) for shard in self._negated()))
            for index in unsure:
                results[index] = False if index in false else None

    def _negated(self) -> list[_Shard]:
        """Built when a value is missing for the first time; many merchants need none."""
        with self._build_lock:
            if self._negative_shards is None:
                self._negative_shards = _split(self._negative, self._facts)
            return self._negative_shards


Pattern = dict[str, Any]


class _Fields:
    """Collects the fields of the fact while conditions are lowered: inputs under short names, and
    derived values.
    """

    def __init__(self) -> None:
        self._inputs: dict[str, tuple[str, str]] = {}  # input → (field, kind)
        self._derived: list[tuple[str, Term]] = []
        self._words: set[str] = set()

    def lower(self, term: Term, negated: bool) -> Pattern:
        """The engine's pattern of a condition (or of its negation) in negation normal form."""
        pattern = self._pattern(term, negated)
        return pattern if _branches(pattern) <= MOST_BRANCHES_OF_ONE else self._whole(term, negated)

    def _pattern(self, term: Term, negated: bool) -> Pattern:
        if term.op == "not":
            return self._pattern(term.args[0], not negated)
        if term.op in ("and", "or"):
            joined = "$and" if (term.op == "and") != negated else "$or"
            return {joined: [self._pattern(arg, negated) for arg in term.args]}
        if term.op == "input":
            return {self._field_of(term): not negated}
        if term.op in COMPARE:
            left, right, op = term.args[0], term.args[1], term.op
            if left.op == "const":
                left, right, op = right, left, MIRRORED[op]
            if right.op == "const" and left.op != "const" and self._can_compare(op, right):
                op = NEGATED[op] if negated else op
                constant = _literal(right.payload)
                if right.kind == TEXT:
                    self._words.add(right.payload)
                field = self._field_of(left)
                return {field: constant} if op == "eq" else {SIGNS[op]: {field: constant}}
        return self._whole(term, negated)

    @staticmethod
    def _can_compare(op: str, constant: Term) -> bool:
        if constant.payload is None:
            return False
        if constant.kind == BOOLEAN:
            return False
        return constant.kind != TEXT or (op in ("eq", "ne") and _is_plain(constant.payload))

    def _whole(self, term: Term, negated: bool) -> Pattern:
        return {self._derived_field(term): not negated}

    def _field_of(self, term: Term) -> str:
        if term.op != "input":
            return self._derived_field(term)
        name = str(term.payload)
        if name not in self._inputs:
            self._inputs[name] = (f"i{len(self._inputs)}", term.kind)
        return self._inputs[name][0]

    def _derived_field(self, term: Term) -> str:
        for field, known in self._derived:
            if known == term:
                return field
        field = f"d{len(self._derived)}"
        self._derived.append((field, term))
        return field

    def compile(self) -> _Facts:
        other = next(f"?{n}" for n in itertools.count() if f"?{n}" not in self._words)
        return _Facts(tuple(self._inputs.items()), tuple(self._derived), other)


class _Facts:
    """The fields of a fact, fixed: their names and kinds, and how their values come about."""

    def __init__(
        self,
        inputs: tuple[tuple[str, tuple[str, str]], ...],
        derived: tuple[tuple[str, Term], ...],
        other_text: str,
    ) -> None:
        self.names = (*(field for _, (field, _) in inputs), *(field for field, _ in derived))
        self.kinds = (*(kind for _, (_, kind) in inputs), *(term.kind for _, term in derived))
        self._inputs = tuple(name for name, _ in inputs)
        self._derive = (
            compile_scalar(build_program([term for _, term in derived])) if derived else None
        )
        self._other_text = other_text
        self._texts: dict[str, str] = {}  # their JSON: few texts come again and again

    def values_of(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The value of every field, in the order of `names`; None is null."""
        read = [values[name] for name in self._inputs]
        return (*read, *self._derive(values)) if self._derive is not None else tuple(read)

    def writer_of(self, names: Sequence[str]) -> Callable[[tuple[Any, ...]], str]:
        """A function from the values to the JSON members of these fields, each followed by a comma;
        nulls are left out.

        The function's text is made of fixed patterns, indices and the short field names that this
        module gave.
        """
        pieces = []
        for name in names:
            at = self.names.index(name)
            value, kind = f"v[{at}]", self.kinds[at]
            if kind == BOOLEAN:
                text = f"""('"{name}":true,' if {value} else '"{name}":false,')"""
            elif kind == TEXT:
                text = f"""'"{name}":' + text_json({value}) + ','"""
            elif kind == MONEY:
                text = f"""f'"{name}":{{{value}}},'"""
            else:
                # repr is positional between these bounds
                short = f"""f'"{name}":{{{value}!r}},'"""
                long = f"""f'"{name}":{{number_text({value})}},'"""
                text = f"({short} if 1e-4 <= {value} < 1e16 else {long})"
            pieces.append(f"('' if {value} is None else {text})")
        scope: dict[str, Any] = {
            "__builtins__": {},
            "number_text": _number_text,
            "text_json": self._text_json,
        }
        body = ", ".join(pieces)
        exec(compile(f"def write(v):\n    return ''.join(({body},))", "<fact>", "exec"), scope)
        write: Callable[[tuple[Any, ...]], str] = scope["write"]
        return write

    def _text_json(self, text: str) -> str:
        known = self._texts.get(text)
        if known is None:
            known = json.dumps(text if _is_plain(text) else self._other_text, ensure_ascii=False)
            if len(self._texts) < MOST_TEXTS_KEPT:
                self._texts[text] = known
        return known


def _is_plain(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and text.isprintable()


def _number_text(value: float | int) -> str:
    """Positional notation: the engine refuses exponents."""
    text = repr(value)
    return np.format_float_positional(value, unique=True, trim="0") if "e" in text else text


class _Literal(str):
    """JSON text of a constant, put into the ruleset as it is."""


def _literal(value: Any) -> _Literal:
    return _Literal(
        json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _number_text(value)
    )


def _branches(pattern: Pattern) -> int:
    """How many branches the engine may make of a pattern: arms add up, conjunctions multiply."""
    if "$or" in pattern:
        return sum(_branches(arm) for arm in pattern["$or"])
    count = 1
    for arm in pattern.get("$and", ()):
        count *= _branches(arm)
    return count


def _fields_of(pattern: Pattern) -> list[str]:
    for joined in ("$and", "$or"):
        if joined in pattern:
            return [field for arm in pattern[joined] for field in _fields_of(arm)]
    ((key, value),) = pattern.items()
    return _fields_of(value) if isinstance(value, dict) else [key]


def _json_of(pattern: Pattern) -> str:
    parts = []
    for key, value in pattern.items():
        if isinstance(value, list):
            text = "[" + ",".join(_json_of(arm) for arm in value) + "]"
        elif isinstance(value, dict):
            text = _json_of(value)
        else:
            text = value if isinstance(value, _Literal) else json.dumps(value)
        parts.append(f'"{key}":{text}')
    return "{" + ",".join(parts) + "}"


def _split(patterns: list[Pattern], facts: _Facts) -> list[_Shard]:
    """Rulesets that stay under the engine's limits of branches and fields, in the order of the
    conditions.
    """
    shards: list[list[int]] = [[]]
    branches, fields = 0, set[str]()
    for index, pattern in enumerate(patterns):
        more, read = _branches(pattern), set(_fields_of(pattern))
        if shards[-1] and (branches + more > MOST_BRANCHES or len(fields | read) > MOST_FIELDS):
            shards.append([])
            branches, fields = 0, set()
        shards[-1].append(index)
        branches += more
        fields |= read
    return [_Shard({index: patterns[index] for index in shard}, facts) for shard in shards if shard]


class _Shard:
    """One durable ruleset with its handle; asked under a lock, since two threads in one session
    give wrong answers.
    """

    def __init__(self, patterns: dict[int, Pattern], facts: _Facts) -> None:
        self._indices = {f"c{place:03}": index for place, index in enumerate(patterns)}
        rules = [
            f'"{name}":{{"all":[{{"m":{_json_of(patterns[index])}}}]}}'
            for name, index in self._indices.items()
        ]
        self._text = "{" + ",".join(rules) + "}"
        fields = dict.fromkeys(f for pattern in patterns.values() for f in _fields_of(pattern))
        self._write = facts.writer_of(tuple(fields))
        self._lock = threading.Lock()
        self._fact_ids = itertools.count(1)
        self._handle = self._create()

    def _create(self) -> int:
        with _name_lock:
            name = next(_ruleset_names)
        handle: int = durable_rules_engine.create_ruleset(name, self._text)
        return handle

    def ask(self, known: tuple[Any, ...]) -> list[int]:
        """The indices of the conditions that fire; one more than once where several arms of an `or`
        hold.
        """
        members = self._write(known)
        if not members:
            return []
        with self._lock:
            fact = f'{{{members}"sid":"s","id":"{next(self._fact_ids)}"}}'
            try:
                return self._match(fact)
            except Exception as error:
                with contextlib.suppress(Exception):  # the state of the old one may be half done
                    self._handle = self._create()
                raise DurableFailed(str(error)) from error

    def _match(self, fact: str) -> list[int]:
        fired: list[int] = []
        handle = self._handle
        code, state = _assert_fact(handle, fact)
        try:
            if code == 0:
                action = _start_action(handle, state)
                result = action[1] if action is not None else None
                while result is not None:
                    fired.append(self._indices[result[2:6]])  # {"c012":{"m":{…
                    result = _next_action(handle, state)
            elif code != 1:
                raise DurableFailed(f"assert_fact answered {code}")
        finally:
            _retract_fact(handle, fact)
        return fired
