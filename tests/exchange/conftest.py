"""The desk that tests of workbooks sit at."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.exchange.desk")

from tests.exchange.desk import Desk  # noqa: E402


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)
