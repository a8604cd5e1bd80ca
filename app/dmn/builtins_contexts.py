"""FEEL's functions on contexts."""

from __future__ import annotations

from typing import Any

from app.dmn.errors import FeelFault
from app.dmn.signatures import Room
from app.dmn.values import identical

feel = Room()


@feel("get value(m: context, key: string)")
def _get_value(m: dict[str, Any], key: str) -> Any:
    return m.get(key)


@feel("get value(m: context, keys: list)")
def _get_nested(m: dict[str, Any], keys: list[Any]) -> Any:
    found: Any = m
    for key in keys:
        if not isinstance(found, dict) or not isinstance(key, str):
            raise FeelFault("get value: the keys do not lead to a value")
        found = found.get(key)
    return found if keys else None


@feel("get entries(m: context)")
def _get_entries(m: dict[str, Any]) -> list[Any]:
    return [{"key": key, "value": value} for key, value in m.items()]


@feel("context(entries: list)")
def _context(entries: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
            raise FeelFault("context: every entry has a text as its key")
        if "value" not in entry:
            raise FeelFault(f"context: the entry '{entry['key']}' has no value")
        if entry["key"] in found:
            raise FeelFault(f"context: the key '{entry['key']}' comes twice")
        found[entry["key"]] = entry["value"]
    return found


@feel("context put(context: context, key: string, value: Any)")
def _put(context: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {**context, key: value}


@feel("context put(context: context, keys: list, value: Any)")
def _put_nested(context: Any, keys: list[Any], value: Any) -> dict[str, Any]:
    if not keys or not isinstance(keys[0], str) or not isinstance(context, dict):
        raise FeelFault("context put: the keys do not lead through contexts")
    if len(keys) > 1:
        value = _put_nested(context.get(keys[0]), keys[1:], value)
    return {**context, keys[0]: value}


@feel("context merge(contexts: list)")
def _merge(contexts: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in contexts:
        if not isinstance(one, dict):
            raise FeelFault("context merge: every item is a context")
        found.update(one)
    return found


@feel("is(value1: Any, value2: Any)")
def _is(value1: Any, value2: Any) -> bool:
    return identical(value1, value2)
