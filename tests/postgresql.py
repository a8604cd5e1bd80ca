"""Starts a PostgreSQL from the programs `initdb` and `pg_ctl` on PATH, where the wheel is not
installed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

USER = "postgres"


def start_with_pg_ctl(folder: Path) -> Iterator[str]:
    """Start a server in `folder` (or join the one that another test process started); the last to
    leave stops it.
    """
    if not shutil.which("initdb") or not shutil.which("pg_ctl"):
        pytest.skip("no PostgreSQL: install the test extra, or put initdb and pg_ctl on PATH")
    folder.mkdir(mode=0o755, exist_ok=True)
    data, members = folder / "data", folder / "members"
    lock_path = folder.with_suffix(".lock")
    with lock_path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not members.exists():
            _start(folder, data)
        with members.open("a") as file:
            file.write(f"{os.getpid()}\n")
    yield f"postgresql://{USER}@/postgres?host={folder}"
    with lock_path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        others = [pid for pid in members.read_text().split() if _is_alive(int(pid))]
        if not others:
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
            shutil.rmtree(folder, ignore_errors=True)
            lock_path.unlink()


def _start(folder: Path, data: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    _run("initdb", "-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-locale")
    options = f"-c listen_addresses='' -k {folder}"
    _run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")


def _run(program: str, *arguments: str) -> None:
    command = [str(shutil.which(program)), *arguments]
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        command = ["runuser", "-u", USER, "--", *command]
    subprocess.run(command, check=True, capture_output=True, cwd="/", text=True)


def _is_alive(pid: int) -> bool:
    return pid != os.getpid() and Path(f"/proc/{pid}").exists()
