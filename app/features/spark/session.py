"""A Spark session for a build: the master and memory come in; a session of its own goes out, over
the one Spark of this process, with the settings that equal results need.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import ChengxinError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST_JAVA = 17
INSTALL_PYSPARK = "install it with: .venv/bin/pip install -e '.[spark]'"
INSTALL_JAVA = (
    "install it with: sudo apt-get install openjdk-17-jre-headless"
    " (or set JAVA_HOME to a Java of 17 or later)"
)

# What makes Spark's answers those of DuckDB: local times without a zone, errors in place of
# overflows and of silent nulls, days of before 1582 as they are written.
_MEANING = {
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.caseSensitive": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


class SparkMissing(ChengxinError):
    """Spark cannot be started here; the message says what to install."""


def open_session(master: str, memory_limit_mb: int, scratch: Path) -> SparkSession:
    """A session with temporary views of its own. Spark is started when this process has none yet;
    `master` and `memory_limit_mb` (of a local Spark's Java, which spills into `scratch`) are of
    that start.

    Raises SparkMissing.
    """
    check_spark()
    # Of pandas nothing is used but that it is there.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is None:
        running = _start(master, memory_limit_mb, scratch)
    session = running.newSession()
    for name, value in _MEANING.items():
        session.conf.set(name, value)
    return session


def check_spark() -> None:
    """Raises SparkMissing where PySpark or Java is missing."""
    if find_spec("pyspark") is None or find_spec("pandas") is None:
        raise SparkMissing(f"CHENGXIN_ENGINE=spark needs PySpark: {INSTALL_PYSPARK}")
    _check_java()


def _start(master: str, memory_limit_mb: int, scratch: Path) -> SparkSession:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # workers with the same libraries
    builder = SparkSession.builder.appName("chengxin features").master(master)
    if master.startswith("local"):
        cores = os.cpu_count() or 1
        scratch.mkdir(parents=True, exist_ok=True)
        local = {
            "spark.driver.memory": f"{memory_limit_mb}m",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.maxResultSize": "0",
            "spark.local.dir": str(scratch),
            "spark.sql.shuffle.partitions": str(2 * cores),
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        for name, value in local.items():
            builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        raise SparkMissing(
            f"Spark did not start with master '{master}': {error}. Its own words stand above."
        ) from error
    session.sparkContext.setLogLevel("ERROR")
    return session


def _check_java() -> None:
    """Raises SparkMissing where there is no Java that Spark runs on."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java") if not home else shutil.which(str(Path(home) / "bin" / "java"))
    if java is None:
        where = f"JAVA_HOME, {home}, holds none" if home else "there is none on this machine"
        raise SparkMissing(f"CHENGXIN_ENGINE=spark needs Java, and {where}; {INSTALL_JAVA}")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    if found is None or int(found[1]) < LEAST_JAVA:
        version = f"is Java {found[1]}" if found else "does not run"
        raise SparkMissing(
            f"CHENGXIN_ENGINE=spark needs Java {LEAST_JAVA} or later; {java} {version};"
            f" {INSTALL_JAVA}"
        )
