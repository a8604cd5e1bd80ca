"""A product's documents come in, the sheets of its workbook go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.exchange.columns import (
    columns_of_bins,
    columns_of_characteristics,
    columns_of_dimensions,
    columns_of_formula,
    columns_of_rules,
    columns_of_table,
    columns_of_terms,
)
from app.exchange.sheets import CHOICE, EXPRESSION, NUMBER, Column, Line, Path, Sheet
from app.policies.documents import Documents
from app.rules.catalogue import read_catalogue
from app.rules.document import AnyNode, plain_of
from app.rules.fields import NUMBER_TEXT

OTHERWISE, MISSING = "otherwise 其余", "missing 缺失"
MISSING_WORDS = frozenset({"missing", "缺失", MISSING, "缺失 missing"})
# how the lines of a formula that are no `let` are called, and where each stands
FORMULA_LINES = {
    "limit 额度": "limit",
    "round_down_to 向下取整": "round_down_to",
    "minimum.amount 最低额度": "minimum.amount",
    "minimum.then 不足时": "minimum.then",
    "minimum.reason 不足原因": "minimum.reason",
}
LONGEST_NAME = 31


def lay_out(documents: Documents) -> list[Sheet]:
    """The sheets, in the order of the policy. The documents must have no problem."""
    names: set[str] = set()
    inputs = read_catalogue(documents.catalogue, [])
    words = {
        "reasons": tuple(plain_of(documents.reasons).get("reasons", {})),
        "inputs": tuple(inputs),
    }
    sheets = [_terms(documents, _name("policy", names))]
    seen: set[str] = set()
    for stage in plain_of(documents.policy)["stages"]:
        file = stage.get("ruleset") or stage.get("scorecard")
        key = f"{'ruleset' if 'ruleset' in stage else 'scorecard'}:{file}"
        if key in seen:
            continue
        seen.add(key)
        node = document_of(documents, key)
        plain, name, shown = plain_of(node), _name(stage["stage"], names), node.source.file
        if key.startswith("scorecard:"):
            sheets += _scorecard(plain, key, shown, name, names, words)
        elif plain["kind"] == "rules":
            columns = columns_of_rules(words["reasons"])
            lines = tuple(_listed(plain["rules"], ("rules",), columns))
            sheets.append(Sheet(name, "rules", key, shown, _title(plain, name), columns, lines))
        elif plain["kind"] == "table":
            sheets.append(_table(plain, key, shown, name, inputs, words))
        else:
            sheets.append(_formula(plain, key, shown, name))
    return sheets


def document_of(documents: Documents, key: str) -> AnyNode:
    """The document that a sheet calls `policy`, `ruleset:FILE` or `scorecard:FILE`."""
    kind, _, file = key.partition(":")
    if kind == "policy":
        return documents.policy
    return (documents.rulesets if kind == "ruleset" else documents.scorecards)[file]


def _name(wanted: str, names: set[str]) -> str:
    """A name that a sheet may have: short, and not there yet in any capitals."""
    name, number = wanted[:LONGEST_NAME], 1
    while name.casefold() in names:
        number += 1
        name = f"{wanted[: LONGEST_NAME - 4]}_{number}"
    names.add(name.casefold())
    return name


def _title(plain: Mapping[str, Any], name: str) -> str:
    title = plain.get("title") or {}
    return " ".join(one for one in (title.get("zh"), title.get("en")) if one) or name


def value_at(item: Any, key: str) -> str | None:
    """The text at `title.zh` of an item; a list as its entries after commas."""
    for part in key.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    if isinstance(item, list):
        return ", ".join("" if one is None else str(one) for one in item) or None
    return item if isinstance(item, str) else None


def _listed(items: list[Any], path: Path, columns: tuple[Column, ...]) -> Iterator[Line]:
    for place, item in enumerate(items):
        cells = {column.key: value_at(item, column.key) for column in columns}
        named = item.get("id") is not None
        fixed = frozenset({"id"}) if named else frozenset()
        yield Line(item["id"] if named else f"#{place}", (*path, place), cells, {}, fixed)


def _terms(documents: Documents, name: str) -> Sheet:
    plain = plain_of(documents.policy)
    lines = tuple(
        Line(term, ("terms", term), {"name": term, "value": value}, {}, frozenset({"name"}))
        for term, value in (plain.get("terms") or {}).items()
    )
    file = documents.policy.source.file
    return Sheet(name, "terms", "policy", file, _title(plain, name), columns_of_terms(), lines)


def _table(
    plain: dict[str, Any],
    key: str,
    file: str,
    name: str,
    inputs: Mapping[str, Any],
    words: Mapping[str, tuple[str, ...]],
) -> Sheet:
    rows = [*plain["rows"], plain["otherwise"]]
    outputs = plain["outputs"] if isinstance(plain["outputs"], list) else [plain["outputs"]]
    numeric, values = set(), {}
    for output in outputs:
        texts = [row[output] for row in rows if row.get(output) is not None]
        if texts and all(NUMBER_TEXT.fullmatch(text) for text in texts):
            numeric.add(output)
        values[output] = tuple(dict.fromkeys(texts))
    columns = columns_of_table(plain["inputs"], values, numeric, inputs, words["reasons"])
    lines = list(_listed(plain["rows"], ("rows",), columns))
    tests = [one if isinstance(one, str) else one["name"] for one in plain["inputs"]]
    cells = {column.key: value_at(plain["otherwise"], column.key) for column in columns}
    cells["id"] = OTHERWISE
    lines.append(Line("=otherwise", ("otherwise",), cells, {}, frozenset({"id", *tests})))
    return Sheet(name, "table", key, file, _title(plain, name), columns, tuple(lines))


def _formula(plain: dict[str, Any], key: str, file: str, name: str) -> Sheet:
    fixed = frozenset({"name"})
    lines = [
        Line(let, ("let", let), {"name": let, "value": value}, {}, fixed)
        for let, value in (plain.get("let") or {}).items()
    ]
    kinds = {"limit": EXPRESSION, "minimum.then": CHOICE, "minimum.reason": CHOICE}
    for label, place in FORMULA_LINES.items():
        cells = {"name": label, "value": value_at(plain, place)}
        kind = {"value": kinds.get(place, NUMBER)}
        lines.append(Line(f"={place}", tuple(place.split(".")), cells, kind, fixed))
    columns = columns_of_formula()
    return Sheet(name, "formula", key, file, _title(plain, name), columns, tuple(lines))


def _scorecard(
    plain: dict[str, Any],
    key: str,
    file: str,
    name: str,
    names: set[str],
    words: Mapping[str, tuple[str, ...]],
) -> Iterator[Sheet]:
    title, found = _title(plain, name), plain["characteristics"]
    lines: list[Line] = []
    locked = frozenset({"characteristic"})
    for place, one in enumerate(found):
        path: Path = ("characteristics", place)
        for number, bin_ in enumerate(one["bins"]):
            cells = {"characteristic": one["id"], "when": bin_["when"], "points": bin_["points"]}
            lines.append(Line(f"{one['id']}#{number}", (*path, "bins", number), cells, {}, locked))
        cells = {"characteristic": one["id"], "when": MISSING, "points": one["missing"]}
        lines.append(Line(f"{one['id']}#missing", (*path, "missing"), cells, {}, locked | {"when"}))
    ids = tuple(one["id"] for one in found)
    columns = columns_of_bins(ids)
    yield Sheet(name, "bins", key, file, title, columns, tuple(lines))
    columns = columns_of_characteristics(
        tuple(plain["dimensions"]), words["inputs"], words["reasons"]
    )
    listed = tuple(_listed(found, ("characteristics",), columns))
    short = name[:14]
    called = _name(f"{short}.characteristics", names)
    yield Sheet(called, "characteristics", key, file, title, columns, listed)
    dimensions = tuple(
        Line(one, ("dimensions", one), {"name": one, "value": most}, {}, frozenset({"name"}))
        for one, most in plain["dimensions"].items()
    )
    called = _name(f"{short}.dimensions", names)
    yield Sheet(called, "dimensions", key, file, title, columns_of_dimensions(), dimensions)
