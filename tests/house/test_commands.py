"""The command line: every command explains itself, and the documents name only what exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli import COMMANDS, chengxin
from app.settings import PROJECT_FOLDER

# `chengxin …` at the beginning of a line of code, after a prompt or a shell's `&&`, or between `…`.
CODE_BLOCK = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
CODE_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
CALL = re.compile(r"(?:^|[;&|]\s*|\$ |\.venv/bin/)chengxin ((?:[^\n;&|\\]|\\\n)+)", re.MULTILINE)
DOCUMENTS = sorted([*PROJECT_FOLDER.glob("*.md"), *(PROJECT_FOLDER / "docs").rglob("*.md")])


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group below `command`."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, f"{name} is listed and does not exist"
            yield from walk(child, (*path, name))


def find(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and the words left over."""
    command: click.Command = chengxin
    while words and isinstance(command, click.Group):
        child = command.get_command(click.Context(command), words[0])
        if child is None:
            break
        command, words = child, words[1:]
    return command, words


def list_calls(document: Path) -> list[str]:
    """Every call of the command line in a document's code."""
    text = document.read_text(encoding="utf-8")
    blocks = CODE_BLOCK.findall(text)
    spans = CODE_SPAN.findall(CODE_BLOCK.sub("", text))
    return [call.group(1) for code in (*blocks, *spans) for call in CALL.finditer(code)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_its_parts_give_help(name: str) -> None:
    command = chengxin.get_command(click.Context(chengxin), name)
    assert command is not None
    for path in walk(command, (name,)):
        result = CliRunner().invoke(chengxin, [*path, "--help"])
        assert result.exit_code == 0, result.output
        described = result.output.partition("\n\n")[2].strip()
        assert described and not described.startswith("Options"), f"{path} says not what it does"


def test_help_lists_all_commands() -> None:
    output = CliRunner().invoke(chengxin, ["--help"]).output
    for name, (_, _, line) in COMMANDS.items():
        assert name in output
        assert line.split()[0] in output


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_only_commands_and_options_that_exist(document: Path) -> None:
    for call in list_calls(document):
        words = call.replace("\\\n", " ").split("#")[0].split()
        command, rest = find(words)
        if isinstance(command, click.Group):
            known = rest == [] or rest[0].startswith(("-", "…", "("))
            assert known, f"{document.name}: no command `chengxin {call.strip()}`"
        options = {
            option
            for parameter in command.params
            for option in (*parameter.opts, *parameter.secondary_opts)
        } | {"--help", "-h", "--version"}
        for word in rest:
            if word.startswith("--"):
                option = word.split("=")[0].rstrip(")],.")
                assert option in options, f"{document.name}: `chengxin {call.strip()}`: {option}"


def test_the_readme_shows_commands() -> None:
    """Guards the search itself: it would pass on nothing found."""
    calls = list_calls(PROJECT_FOLDER / "README.md")
    assert any(call.startswith("decide ") for call in calls)
    assert len(calls) >= 5
