"""What a serving process has beyond the application: a time limit for requests, and an end when its
parent ends.

A request that is not answered after REQUEST_SECONDS (a caller that stops in the middle of its body,
a lock that is never given
back) would hold a worker for ever, as Python cannot break into it. So the worker ends itself and
the server starts another;
callers whose connection breaks repeat with their Idempotency-Key.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Any

import structlog
from flask import Flask, request

REQUEST_SECONDS = 20.0
LONG_REQUEST_SECONDS = 300.0  # addresses that take batches
LONG_ROUTES = ("/v1/waybills",)
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def create_worker() -> Flask:
    """The application for one worker of `chengxin serve`."""
    from app import create_app

    return prepare_worker(create_app())


def prepare_worker(app: Flask, request_seconds: float = REQUEST_SECONDS) -> Flask:
    """Watch over `app` in this process."""
    end_with_parent()
    watch = Watch(request_seconds)
    app.before_request_funcs.setdefault(None, []).insert(0, watch.begin)
    app.teardown_request(watch.end)
    threading.Thread(target=watch.run, name="watch", daemon=True).start()
    return app


class Watch:
    """Knows since when each thread has been busy with its request."""

    def __init__(self, request_seconds: float) -> None:
        self._request_seconds = request_seconds
        self._deadlines: dict[int, float] = {}

    def begin(self) -> None:
        """A request begins in this thread."""
        route = request.url_rule.rule if request.url_rule else ""
        seconds = LONG_REQUEST_SECONDS if route in LONG_ROUTES else self._request_seconds
        self._deadlines[threading.get_ident()] = time.monotonic() + seconds

    def end(self, error: Any = None) -> None:
        """This thread's request has been answered."""
        self._deadlines.pop(threading.get_ident(), None)

    def is_over(self) -> bool:
        """Has a request passed its deadline?"""
        now = time.monotonic()
        return any(deadline < now for deadline in list(self._deadlines.values()))

    def run(self) -> None:
        """End the process when a request takes too long."""
        while not self.is_over():
            time.sleep(self._request_seconds / 20)
        structlog.get_logger().error("worker ended: a request took too long", pid=os.getpid())
        sys.stderr.flush()
        os._exit(70)


def end_with_parent() -> None:
    """On Linux: this process is killed when the process that started it dies, so that no worker
    outlives its server.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
