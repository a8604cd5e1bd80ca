"""Settings come in through environment variables; one frozen record goes out. Nothing else reads
the environment.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import ChengxinError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
SHORTEST_HASH_KEY = 16
ENGINES = ("duckdb", "spark")
SPARK_MASTERS = ("local", "spark://", "yarn", "k8s://")


class SettingsError(ChengxinError):
    """A setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. `home` holds the lake and, by default, the SQLite file."""

    home: Path
    database_url: str
    rulesets: Path
    scorecards: Path
    hash_key_text: str | None
    memory_limit_mb: int
    engine: str = "duckdb"  # of features builds: one of ENGINES
    spark_master: str = "local[*]"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    def hash_key(self) -> bytes:
        """The key of the keyed hashes of names and phones: CHENGXIN_HASH_KEY, else `home/hash.key`,
        made on first use.

        Losing it makes old and new hashes incomparable, so back the file up with the lake.
        """
        if self.hash_key_text is not None:
            return self.hash_key_text.encode()
        path = self.home / "hash.key"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            candidate = self.home / f".hash.key.{os.getpid()}.{secrets.token_hex(4)}"
            descriptor = os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(candidate, path)  # the first of several processes wins; nobody overwrites
            except FileExistsError:
                pass
            finally:
                candidate.unlink()
        return path.read_text().strip().encode()


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read CHENGXIN_HOME, DATABASE_URL, CHENGXIN_RULESETS, CHENGXIN_SCORECARDS, CHENGXIN_HASH_KEY,
    CHENGXIN_MEMORY_MB, CHENGXIN_ENGINE, CHENGXIN_SPARK_MASTER.

    Raises SettingsError for a value that cannot be used.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("CHENGXIN_HOME") or "var").expanduser().absolute()
    database_url = env.get("DATABASE_URL") or f"sqlite:///{home / 'chengxin.db'}"
    if not database_url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise SettingsError(
            "DATABASE_URL must start with sqlite:/// or postgresql://, for example"
            " postgresql://user:password@host:5432/chengxin"
        )
    key = env.get("CHENGXIN_HASH_KEY") or None
    if key is not None and len(key) < SHORTEST_HASH_KEY:
        raise SettingsError(
            f"CHENGXIN_HASH_KEY has {len(key)} characters; write at least {SHORTEST_HASH_KEY}"
            " (or leave it unset: a key file is made in CHENGXIN_HOME)"
        )
    memory = env.get("CHENGXIN_MEMORY_MB") or "1500"
    if not memory.isdecimal() or int(memory) < 256:
        raise SettingsError(
            f"CHENGXIN_MEMORY_MB must be a whole number from 256 up, not {memory!r}"
        )
    engine = env.get("CHENGXIN_ENGINE") or ENGINES[0]
    if engine not in ENGINES:
        raise SettingsError(f"CHENGXIN_ENGINE must be {' or '.join(ENGINES)}, not {engine!r}")
    master = env.get("CHENGXIN_SPARK_MASTER") or "local[*]"
    if not master.startswith(SPARK_MASTERS):
        raise SettingsError(
            "CHENGXIN_SPARK_MASTER must be local[*], local[N], spark://HOST:PORT, yarn or"
            f" k8s://HOST:PORT, not {master!r}"
        )
    return Settings(
        home=home,
        database_url=database_url,
        rulesets=_folder(env, "CHENGXIN_RULESETS", PROJECT_FOLDER / "rulesets"),
        scorecards=_folder(env, "CHENGXIN_SCORECARDS", PROJECT_FOLDER / "scorecards"),
        hash_key_text=key,
        memory_limit_mb=int(memory),
        engine=engine,
        spark_master=master,
    )


def _folder(env: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(env.get(name) or default).expanduser().absolute()
    if env.get(name) and not path.is_dir():
        raise SettingsError(f"{name} names the folder {path}, which does not exist")
    return path
