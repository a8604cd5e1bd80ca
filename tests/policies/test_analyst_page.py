"""Every command on the analyst's page is run, in the order of the page, on an empty database."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from app.cli import chengxin
from app.errors import ChengxinError
from app.settings import PROJECT_FOLDER

PAGE = PROJECT_FOLDER / "docs" / "analyst.md"
COMMAND = re.compile(r"^\$ chengxin (.+?)(?:\s+# status (\d))?$", re.MULTILINE)


@pytest.mark.slow
def test_every_command_of_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "CHENGXIN_RULESETS", "CHENGXIN_SCORECARDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHENGXIN_HOME", str(tmp_path))
    commands = COMMAND.findall(PAGE.read_text(encoding="utf-8"))
    for words, status in commands:
        written = words.replace(" var/", f" {tmp_path}/")  # what it writes, beside the database
        result = CliRunner().invoke(chengxin, shlex.split(written))
        found = 2 if isinstance(result.exception, ChengxinError) else result.exit_code
        assert found == int(status or 0), (words, result.output, result.exception)
    assert len(commands) > 12


def test_every_policy_command_is_on_the_page() -> None:
    from app.commands.policy import policy

    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in policy.commands if f"$ chengxin policy {name}" not in page] == []


def test_the_rule_on_the_page_is_the_shipped_one() -> None:
    block = next(b for b in re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    shipped = yaml.safe_load(
        (PROJECT_FOLDER / "rulesets/wuliudai/admission.yaml").read_text("utf-8")
    )
    assert yaml.safe_load(block)[0] == shipped["rules"][0]
