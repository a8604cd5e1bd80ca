"""Runs the real server, worker processes and all, for a test; gives its address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

START = """
import sys
from app.commands.serve import run_server
from app.settings import load_settings
run_server(load_settings(), "127.0.0.1", int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
"""
APPLICATION = "app.api.worker:create_worker"


@dataclass
class Server:
    """A running server. `log` is its stderr."""

    environment: dict[str, str]
    log: Path
    workers: int = 2
    application: str = APPLICATION
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.port = self.port or find_free_port()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START, str(self.port), str(self.workers), self.application],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                is_up = httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
            except httpx.HTTPError:
                is_up = False
            if is_up and len(self.listening()) >= self.workers:
                return
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def listening(self) -> set[int]:
        """The ids of the workers that take connections."""
        assert self.process is not None
        found = set()
        for worker in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                lines = worker.net_connections("tcp")
                if any(one.status == "LISTEN" and one.laddr.port == self.port for one in lines):
                    found.add(worker.pid)
        return found

    def kill(self) -> None:
        """kill -9 for the server and all its workers at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, as an operator stops it; gives the exit status."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@contextmanager
def running(
    environment: dict[str, str], folder: Path, application: str = APPLICATION
) -> Iterator[Server]:
    """A server with two workers for one test."""
    server = Server(environment, folder / "server.log", application=application)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def find_free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
