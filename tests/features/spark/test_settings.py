"""What CHENGXIN_ENGINE=spark needs: each lack is said with what to write or to install."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from app.features.spark import session
from app.features.spark.blocks import FEWEST_MERCHANTS, MOST_MERCHANTS, cut_evenly
from app.settings import SettingsError, load_settings


def test_the_engine_is_duckdb_unless_said(tmp_path: Path) -> None:
    home = {"CHENGXIN_HOME": str(tmp_path)}
    assert load_settings(home).engine == "duckdb"
    found = load_settings({**home, "CHENGXIN_ENGINE": "spark"})
    assert (found.engine, found.spark_master) == ("spark", "local[*]")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CHENGXIN_ENGINE", "Spark", "CHENGXIN_ENGINE must be duckdb or spark, not 'Spark'"),
        ("CHENGXIN_SPARK_MASTER", "host:7077", "spark://HOST:PORT, yarn or k8s://HOST:PORT"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"CHENGXIN_HOME": str(tmp_path), name: value})
    assert said in str(caught.value)


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def find(name: str) -> ModuleSpec | None:
        return None if name == "pyspark" else real(name)

    monkeypatch.setattr(session, "find_spec", find)
    with pytest.raises(session.SparkMissing, match=r"pip install -e '\.\[spark\]'"):
        session.check_spark()


def test_without_java_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(session.SparkMissing, match="apt-get install openjdk-17-jre-headless"):
        session.check_spark()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(session.SparkMissing, match="there is none on this machine"):
        session.check_spark()


def test_an_old_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(session.SparkMissing, match="is Java 8"):
        session.check_spark()


def test_blocks_hold_about_so_many_waybills() -> None:
    even = np.full(200_000, 300)
    assert cut_evenly(even, 10_000_000) == MOST_MERCHANTS
    size = cut_evenly(even, 1_000_000)
    assert 600_000 <= size * 300 <= 1_000_000
    giant = np.append(even, 50_000_000)
    assert cut_evenly(giant, 1_000_000) == FEWEST_MERCHANTS
    assert cut_evenly(np.array([], np.int64), 10) == MOST_MERCHANTS
