"""The analyst's desk as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.comparisons.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Desk:
    return Desk(tmp_path, monkeypatch, sqlite_url)
