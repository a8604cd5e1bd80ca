"""A bounded load on one address: CONNECTIONS callers who each ask again as soon as they are
answered.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

CONNECTIONS = 16


@dataclass(frozen=True)
class Load:
    """`per_second` good answers; median and 99th percentile in milliseconds; `bytes` of a body."""

    per_second: float
    p50_ms: float
    p99_ms: float
    size: int


@dataclass
class Caller:
    line: socket.socket
    begun_at: float = 0.0
    received: bytes = b""
    expected: int = -1


def measure_load(port: int, make_request: Callable[[], bytes], seconds: float) -> Load:
    """Ask for `seconds`. Raises RuntimeError at the first answer that is not 201."""
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller = Caller(line)
        selector.register(line, selectors.EVENT_READ, caller)
        _ask(caller, make_request)
    milliseconds: list[float] = []
    size = 0
    begun_at = time.perf_counter()
    while time.perf_counter() < begun_at + seconds:
        for key, _ in selector.select(timeout=5):
            caller = key.data
            if _is_answered(caller):
                milliseconds.append((time.perf_counter() - caller.begun_at) * 1000)
                size = caller.expected
                _ask(caller, make_request)
    elapsed = time.perf_counter() - begun_at
    for key in list(selector.get_map().values()):
        key.data.line.close()
    cuts = statistics.quantiles(milliseconds, n=100)
    return Load(len(milliseconds) / elapsed, cuts[49], cuts[98], size)


def _ask(caller: Caller, make_request: Callable[[], bytes]) -> None:
    caller.received, caller.expected = b"", -1
    caller.begun_at = time.perf_counter()
    caller.line.sendall(make_request())


def _is_answered(caller: Caller) -> bool:
    piece = caller.line.recv(65_536)
    if not piece:
        raise RuntimeError("the server closed a connection")
    caller.received += piece
    head, found, body = caller.received.partition(b"\r\n\r\n")
    if not found:
        return False
    if b" 201 " not in head[:20]:
        raise RuntimeError(f"not a decision: {caller.received[:600]!r}")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            caller.expected = int(line.partition(b":")[2])
    return len(body) >= caller.expected
