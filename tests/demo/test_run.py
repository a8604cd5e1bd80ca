"""`demo run`: from an empty home to a portfolio that can be asked; again, and a month later."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from app.cli import chengxin
from app.commands import demo_run
from app.commands.demo_run import Demo, StepFailed, call, explain, prepare
from app.commands.serve import AddressTaken
from app.settings import PROJECT_FOLDER, load_settings

TODAY = date(2026, 11, 23)
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CHENGXIN_HOME", str(tmp_path / "var"))
    for name in ("DATABASE_URL", "CHENGXIN_RULESETS", "CHENGXIN_SCORECARDS", "CHENGXIN_HASH_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "var"


def make(demo: Demo) -> tuple[str, str, demo_run.Candidate | None]:
    """What the console showed, the token and the candidate."""
    shown = io.StringIO()
    token, candidate = prepare(demo, Console(file=shown, width=200))
    return shown.getvalue(), token, candidate


def read_curl(text: str) -> list[str]:
    """The words of the curl that is shown, as a shell would read them."""
    lines = text.split("curl ", 1)[1].split("\n\n")[0]
    return shlex.split("curl " + lines.replace("\\\n", " "))


@pytest.mark.slow
def test_from_nothing_again_and_a_month_later(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = Demo(load_settings(), TODAY, merchants=150, months=13, seed=3)
    shown, token, candidate = make(demo)
    assert "waybills from 13 files" in shown
    assert "wuliudai release 1, fapiaodai release 1" in shown
    assert candidate is not None
    assert stat.S_IMODE((home / "demo.key").stat().st_mode) == 0o600
    assert (home / "demo.key").read_text().strip() == token

    words = read_curl(explain(demo, token, candidate, ADDRESS))
    body = json.loads(words[words.index("-d") + 1])
    assert f"Authorization: Bearer {token}" in words
    assert body["merchant_id"] == candidate.merchant_id
    facts = home / "demo" / "facts" / f"{candidate.merchant_id}.json"
    words = ["decide", candidate.merchant_id, "--policy", "wuliudai", "--facts", str(facts)]
    decided = json.loads(CliRunner().invoke(chengxin, [*words, "--json"]).stdout)
    assert decided["outcome"] == "approve"
    assert decided["limit_fen"] >= body["amount"] * 100

    imports = call("waybills", "imports")
    shown, again, _ = make(demo)
    assert again == token
    assert "nothing new in 13 files" in shown
    assert "wuliudai release 1, fapiaodai release 1" in shown
    assert call("waybills", "imports") == imports

    # By the clock that month may lie ahead: its times are impossible, and checks would hold it.
    rulesets = tmp_path / "rulesets"
    shutil.copytree(PROJECT_FOLDER / "rulesets", rulesets)
    (rulesets / "expectations.yaml").unlink()
    monkeypatch.setenv("CHENGXIN_RULESETS", str(rulesets))
    shown, again, _ = make(replace(demo, today=date(2026, 12, 1)))
    assert again == token
    assert "continued to 2026-11" in shown
    assert "from 1 files" in shown
    assert "as of 2026-12-01" in shown
    assert len(call("waybills", "imports")) == len(imports) + 1


def test_a_key_that_the_database_does_not_know_is_replaced(home: Path) -> None:
    demo = Demo(load_settings(), TODAY, 10, 1, 1)
    call("db", "migrate")
    home.mkdir(exist_ok=True)
    (home / "demo.key").write_text("cx_000000000000_" + "0" * 64)
    token, line = demo_run._find_or_make_key(demo)
    assert line.startswith("written to")
    assert demo_run._find_or_make_key(demo) == (token, f"kept in {home / 'demo.key'}")
    CliRunner().invoke(chengxin, ["keys", "revoke", token.split("_")[1]])
    assert demo_run._find_or_make_key(demo)[0] != token


def test_another_portfolio_in_the_home_is_not_mixed_in(home: Path) -> None:
    demo = Demo(load_settings(), TODAY, 10, 1, 1)
    demo_run._simulate(demo, print)
    with pytest.raises(StepFailed, match="10 merchants, 1 months up to 2026-10, seed 1"):
        demo_run._simulate(replace(demo, seed=2), print)


def test_a_taken_port_is_said_before_anything_is_made(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = CliRunner().invoke(chengxin, ["demo", "run", "--port", str(port)])
    assert isinstance(result.exception, AddressTaken)
    assert f"make run PORT={port + 1}" in str(result.exception)
    assert not home.exists()


def test_demo_data_says_what_it_made(tmp_path: Path) -> None:
    words = ["demo", "data", "--merchants", "5", "--months", "2", "--end", "2026-10"]
    result = CliRunner().invoke(chengxin, [*words, "--out", str(tmp_path / "d"), "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert [Path(name).name for name in told["files"]] == [
        "waybills-2026-09.parquet",
        "waybills-2026-10.parquet",
    ]
    assert all(Path(name).is_file() for name in told["files"])
