"""Schemas accept what our readers accept, and refuse what is structurally wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner

from app.cli import chengxin
from app.exchange.schemas.kinds import BUILDERS, schema_of
from app.settings import PROJECT_FOLDER
from tests.exchange.schema_files import (
    KINDS,
    ROOTS,
    as_editors_read,
    broken,
    codes_of,
    files,
    kind_of,
)
from tests.rejected.readers import FOLDER

# which keys a row may have depends on two other lists of its file; no JSON Schema can say that
BEYOND = FOLDER / "rulesets/unknown-key--row.yaml"
STRUCTURAL = {"unknown-key", "key-missing", "wrong-kind", "key-empty", "keys-expected"}
VALIDATORS = {kind: jsonschema_rs.validator_for(schema_of(kind)) for kind in BUILDERS}
ACCEPTED = [(name, path) for name in ROOTS for path in files(name)]
NAMES = [f"{name}:{path.relative_to(ROOTS[name])}" for name, path in ACCEPTED]


def errors(kind: str, data: Any) -> list[str]:
    return [error.message for error in VALIDATORS[kind].iter_errors(data)]


@pytest.mark.parametrize(("name", "path"), ACCEPTED, ids=NAMES)
def test_what_is_accepted_fits_its_schema(name: str, path: Path) -> None:
    kind = kind_of(path)
    for data in as_editors_read(path.read_text("utf-8")):
        assert errors(kind, data) == []
        if kind in ("rules", "table", "formula"):
            assert errors("ruleset", data) == []


@pytest.mark.parametrize(
    "path", broken(*STRUCTURAL), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_what_is_structurally_wrong_is_refused(path: Path) -> None:
    if path == BEYOND:
        return
    for data in as_editors_read(path.read_text("utf-8")):
        assert errors(KINDS[path.parent.name], data) != []


def test_every_structural_code_has_a_file_here() -> None:
    assert {path.stem.split("--")[0] for path in broken(*STRUCTURAL)} == STRUCTURAL


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "lint").glob("*.yaml")), ids=lambda path: path.stem
)
def test_what_lint_warns_of_fits_its_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    meant = Path(text.partition("\n")[0].removeprefix("# "))
    for data in as_editors_read(text):
        assert errors(kind_of(meant, text), data) == []


ODD = (None, "", "zz", 7, True, [], ["zz"], {}, {"zz": "zz"})


def changes(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """One change at each place: a key left out, one added, a value of another form."""
    if path:
        yield from ((path, "set", odd) for odd in ODD)
        if isinstance(path[-1], str):
            yield path, "delete", None
    if isinstance(data, dict):
        yield (*path, "zzz"), "set", 1
        for key in data:
            yield from changes(data[key], (*path, key))
    elif isinstance(data, list):
        for place in range(min(len(data), 2)):
            yield from changes(data[place], (*path, place))


def changed(data: Any, path: tuple[Any, ...], how: str, value: Any) -> Any:
    copy = json.loads(json.dumps(data))
    there = copy
    for part in path[:-1]:
        there = there[part]
    if how == "delete":
        del there[path[-1]]
    else:
        there[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("name", "path"),
    [
        one
        for one in ACCEPTED
        if one[0] == "base"
        or one[1].stem in ("calendar", "cleaning")
        or one == ("lint", ROOTS["lint"] / "rulesets/loan/tiering.yaml")
    ],
    ids=lambda one: one.stem if isinstance(one, Path) else one,
)
def test_a_schema_refuses_nothing_that_the_reader_accepts(
    name: str, path: Path, tmp_path: Path
) -> None:
    kind = kind_of(path)
    data = as_editors_read(path.read_text("utf-8"))[1]
    for number, (where, how, value) in enumerate(changes(data)):
        if number % (2 if name == "base" else 5):
            continue
        wanted = changed(data, where, how, value)
        text = yaml.safe_dump(wanted, allow_unicode=True, sort_keys=False)
        refused = errors(kind, wanted)
        if refused:
            assert codes_of(name, path, text, tmp_path), (where, how, value, refused[:2])
        else:
            beyond = (
                {"unknown-key"} if kind == "table" else set()
            )  # keys of rows that depend on others
            found = (codes_of(name, path, text, tmp_path) & STRUCTURAL) - beyond
            assert not found, (where, how, value, found)


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            if key not in ("enum", "examples", "const", "if", "required"):
                yield from walk(value)
    elif isinstance(schema, list):
        for one in schema:
            yield from walk(one)


@pytest.mark.parametrize("kind", BUILDERS)
def test_every_key_says_in_both_languages_what_it_is(kind: str) -> None:
    schema = schema_of(kind)
    jsonschema_rs.meta.validate(schema)
    for one in walk(schema):
        for key, value in one.get("properties", {}).items():
            if isinstance(value, dict) and set(value) != {"const"} and "not" not in value:
                said = value.get("description", "").split("\n")
                assert len(said) == 2, (kind, key)
                assert not said[0].isascii(), (kind, key)


@pytest.mark.parametrize("kind", BUILDERS)
def test_examples_fit(kind: str) -> None:
    for one in walk(schema_of(kind)):
        for example in one.get("examples", []):
            bare = {key: value for key, value in one.items() if key != "examples"}
            assert jsonschema_rs.is_valid(bare, example), (kind, example)


def products() -> list[str]:
    return sorted(path.parent.name for path in (PROJECT_FOLDER / "rulesets").glob("*/policy.yaml"))


def run(*words: str) -> str:
    result = CliRunner().invoke(chengxin, ["policy", "schema", *words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("product", products())
def test_a_products_schemas_accept_its_files(product: str) -> None:
    schemas = json.loads(run("--product", product))
    for path in files("shipped"):
        if path.parent.name in {*products()} - {product} or product not in str(path):
            continue
        validator = jsonschema_rs.validator_for(schemas[kind_of(path)])
        for data in as_editors_read(path.read_text("utf-8")):
            assert [error.message for error in validator.iter_errors(data)] == [], path


def test_a_products_schemas_know_its_names() -> None:
    schemas = json.loads(run("--product", "wuliudai"))
    text = (PROJECT_FOLDER / "rulesets/wuliudai/tiering.yaml").read_text("utf-8")
    data = as_editors_read(text)[0]
    for where, value in ((("inputs", 0), "scor"), (("otherwise", "reason"), "SCORE_TO_LOW")):
        wrong = changed(data, where, "set", value)
        assert jsonschema_rs.is_valid(schema_of("table"), wrong)
        assert not jsonschema_rs.is_valid(schemas["table"], wrong)
        assert not jsonschema_rs.is_valid(schemas["ruleset"], wrong)
    gives = schemas["cases"]["properties"]["cases"]["items"]["properties"]["expect"]["properties"]
    assert {"tier", "limit", "score", "admission_hits"} <= set(gives["gives"]["properties"])
    assert "A" in gives["tier"]["anyOf"][0]["enum"]


def test_written_schemas_come_with_the_setting_of_editors(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    text = run("--write", str(folder))
    setting = json.loads(text[text.index("{") : text.rindex("}") + 1])["yaml.schemas"]
    seen = {}
    for schema, patterns in setting.items():
        assert Path(schema).is_file()
        for pattern in patterns:
            for path in PROJECT_FOLDER.glob(pattern):
                assert path not in seen, "two schemas for one file"
                seen[path] = schema
    assert set(files("shipped")) == set(seen)
    assert f"# yaml-language-server: $schema={folder}/rules.schema.json" in text
    for path, schema in seen.items():
        validator = jsonschema_rs.validator_for(json.loads(Path(schema).read_text("utf-8")))
        assert validator.is_valid(as_editors_read(path.read_text("utf-8"))[1]), path


def test_a_products_setting_names_its_own_files(tmp_path: Path) -> None:
    found = json.loads(run("--write", str(tmp_path), "--product", "fapiaodai", "--json"))
    assert set(found["files"]) == set(BUILDERS)
    names = [name for patterns in found["yaml.schemas"].values() for name in patterns]
    assert not [name for name in names if "wuliudai" in name]
    assert "rulesets/fapiaodai/tiering.yaml" in names


def test_null_in_capitals_is_missing_for_reader_and_editor(tmp_path: Path) -> None:
    path = ROOTS["base"] / "scorecards/loan.yaml"
    text = path.read_text("utf-8")
    first = next(line for line in text.split("\n") if "reason:" in line)
    value = first.split("reason:")[1].split(",")[0].split("}")[0]
    for word in ("Null", "NULL", "~"):
        empty = text.replace(f"reason:{value}", f"reason: {word}", 1)
        assert "key-empty" in codes_of("base", path, empty, tmp_path)
        assert all(errors("scorecard", data) for data in as_editors_read(empty))


def test_an_unknown_kind_is_named() -> None:
    result = CliRunner().invoke(chengxin, ["policy", "schema", "tabel"])
    assert result.exit_code == 2
    assert "there is no kind 'tabel'" in result.output
