"""How far a build is, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

PATIENCE_SECONDS = 1.5  # nothing is shown of a build that takes less
Tell = Callable[[str, int, int], None]


@contextmanager
def shown_progress() -> Iterator[Tell]:
    """Progress on stderr, in a terminal a bar, elsewhere a line a step; only when it takes long."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=sys.stderr)
    begun = time.perf_counter()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as progress:  # fmt: skip
        tasks: dict[str, Any] = {}

        def tell(step: str, done: int, total: int) -> None:
            if time.perf_counter() - begun < PATIENCE_SECONDS and done < total:
                return
            if not console.is_terminal:
                if done == total and time.perf_counter() - begun >= PATIENCE_SECONDS:
                    click.echo(f"{step}: {done} done", err=True)
                return
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], completed=done, total=total)

        yield tell
