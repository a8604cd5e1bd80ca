"""`chengxin decide`, `decision show` and `decision replay`, on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.settings import PROJECT_FOLDER
from app.storage.models import Decision
from tests.samples import activate_release, publish_merchants, read_sample

TODAY = datetime.now(UTC).date()
OLD = TODAY - timedelta(days=300)


class Counter:
    """A command line over a database that knows the merchants M1 (fresh) and M9 (300 days ago)."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment = environment
        self.facts = folder / "facts.json"
        self.facts.write_text(json.dumps(read_sample().facts), encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *words],
            cwd=PROJECT_FOLDER,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def decide(self, merchant: str, *words: str) -> dict[str, Any]:
        done = self.run("decide", merchant, "--policy", "wuliudai", "--json", *words)
        assert done.returncode == 0, done.stderr
        record: dict[str, Any] = json.loads(done.stdout)
        return record


@pytest.fixture
def counter(database: Any, environment: dict[str, str], tmp_path: Path) -> Counter:
    activate_release(1)
    publish_merchants(database, "old", OLD, ["M1", "M9"])
    publish_merchants(database, "new", TODAY, ["M1"])
    return Counter(environment, tmp_path)


def test_decide_show_and_replay(counter: Counter) -> None:
    record = counter.decide("M1", "--facts", str(counter.facts), "--amount", "20_000.00")
    assert record["outcome"] == "approve"
    assert record["amount_fen"] == 2_000_000
    assert record["snapshot"]["id"] == "new"
    shown = counter.run("decision", "show", record["id"], "--lang", "zh")
    assert "APPROVE" in shown.stdout
    assert "both engines agree" in shown.stdout
    assert json.loads(counter.run("decision", "show", record["id"], "--json").stdout) == record
    again = counter.run("decision", "replay", record["id"])
    assert (again.returncode, "everything is the same" in again.stdout) == (0, True)


def test_a_changed_record_does_not_replay(counter: Counter) -> None:
    record = counter.decide("M1", "--facts", str(counter.facts))
    record["limit_fen"] += 100_000
    changed = json.dumps(record, ensure_ascii=False)
    Decision.update(record_json=changed).where(Decision.id == record["id"]).execute()
    again = counter.run("decision", "replay", record["id"], "--json")
    assert again.returncode == 1
    assert list(json.loads(again.stdout)["differences"]) == ["limit_fen"]


def test_as_of_decides_by_the_snapshot_of_that_day(counter: Counter) -> None:
    facts = ("--facts", str(counter.facts))
    then = counter.decide("M9", *facts, "--as-of", OLD.isoformat())
    assert (then["outcome"], then["snapshot"]["age_days"]) == ("approve", 0)
    now = counter.decide("M9", *facts)
    assert (now["outcome"], now["reasons"]) == ("refer", ["NO_SNAPSHOT"])


def test_facts_that_are_missing_refer_and_facts_that_are_wrong_are_refused(
    counter: Counter, tmp_path: Path
) -> None:
    record = counter.decide("M1")
    assert record["outcome"] == "refer"
    assert record["reasons"] == ["DATA_MISSING"]
    assert "other_exposure" in record["unknowns"]
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({**read_sample().facts, "age": "40", "agee": 1, "cv": 0.1}))
    done = counter.run("decide", "M1", "--policy", "wuliudai", "--facts", str(wrong))
    assert done.returncode == 2
    assert "fact 'age': \"40\" was sent; expected is a whole number" in done.stderr
    assert "fact 'agee': did you mean 'age'?" in done.stderr
    assert "fact 'cv': the platform computes this from waybills" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("M1", "--policy", "wuliuday"), "active policies are wuliudai|did you mean 'wuliudai'"),
        (("M1", "--policy", "wuliudai", "--facts", "nowhere.json"), "nowhere.json cannot be read"),
        (("M1", "--policy", "wuliudai", "--amount", "1.001"), "at most two decimals"),
        (("M1", "--policy", "wuliudai", "--amount", "viel"), "--amount viel is no number"),
        (("M1", "--policy", "wuliudai", "--as-of", "2001-01-01"), "features build --as-of"),
    ],
)
def test_wrong_use_says_what_to_do(counter: Counter, words: tuple[str, ...], says: str) -> None:
    done = counter.run("decide", *words)
    assert done.returncode == 2
    assert any(part in done.stderr for part in says.split("|")), done.stderr


def test_an_unknown_decision_is_named(counter: Counter) -> None:
    done = counter.run("decision", "replay", "0" * 32)
    assert done.returncode == 2
    assert "there is no decision 0000" in done.stderr
