"""`chengxin serve`: an address comes in; the API is served there by worker processes until SIGTERM
or Ctrl-C.

granian with one blocking thread a worker: threads make every database slower here. A worker that
dies is replaced; on SIGTERM
the workers answer what they have begun, for STOP_SECONDS at most.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import click

from app.errors import ChengxinError
from app.settings import Settings, load_settings

STOP_SECONDS = 10
HEADER_MILLISECONDS = 10_000
APPLICATION = "app.api.worker:create_worker"


class AddressTaken(ChengxinError):
    """Something else listens at the address already, or it is not an address of this machine."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65_535), help="Port."
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Processes; about one a processor core.",
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the API, its documentation at /docs and the health pages.

    Logs are JSON lines on stderr. SIGTERM stops gracefully. The database is taken from
    DATABASE_URL,
    by default the SQLite file in CHENGXIN_HOME.
    """
    settings = load_settings()
    check_database(settings)
    check_address(host, port)
    click.echo(f"serving on http://{host}:{port} (documentation: /docs)", err=True)
    run_server(settings, host, port, workers)


def check_database(settings: Settings) -> None:
    """Open the database once, so that a bad setting is one message and not one a worker."""
    from app.storage.connection import connect

    connect(settings).close()


def check_address(host: str, port: int) -> None:
    """Raises AddressTaken when nothing can listen at `host:port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressTaken(
                f"cannot listen at {host}:{port}: {error.strerror};"
                " choose another with --port, or stop what listens there"
            ) from error


def run_server(
    settings: Settings, host: str, port: int, workers: int, application: str = APPLICATION
) -> None:
    """Serve the application factory `application` until a signal ends it."""
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_make_metrics_folder(settings, port))
    Server(
        application,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.warning,
        process_name=None,
    ).serve()


def _make_metrics_folder(settings: Settings, port: int) -> Path:
    """An empty folder through which the workers share their counters; they begin at zero with the
    server.
    """
    folder = settings.home / "run" / f"metrics-{port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
