"""Folders come in; a word after every save of a file in them goes out.

An editor's save is often several events: a new file, a rename, a removal. They are taken together:
watchfiles waits until nothing has come for a moment. Where the system tells of no changes, it looks
by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

SETTLED_MS = 60  # nothing new for so long: the save is over
LONGEST_MS = 400  # a stream of saves is not waited for longer
TICK_MS = 1_000  # how often it is asked whether the folders are there
LOOK_MS = 200  # how often the folders are looked at where the system tells nothing


def watch_saves(folders: Sequence[Path], stop: Event | None = None) -> Iterator[list[str]]:
    """The names of the files of each save, until `stop` is set or the process is interrupted.

    A folder that is gone is waited for: its parent is watched.
    """
    from watchfiles import Change, watch

    def counts(change: Change, path: str) -> bool:
        return path.endswith((".yaml", ".yml")) or change is Change.deleted

    there = [folder.exists() for folder in folders]
    while stop is None or not stop.is_set():
        places = sorted({_nearest(folder) for folder in folders})
        for changes in watch(
            *places,
            watch_filter=counts,
            debounce=LONGEST_MS,
            step=SETTLED_MS,
            stop_event=stop,
            poll_delay_ms=LOOK_MS,
            raise_interrupt=True,
            yield_on_timeout=True,
            rust_timeout=TICK_MS,
        ):
            before, there = there, [folder.exists() for folder in folders]
            if changes or there != before:
                yield sorted({Path(path).name for _, path in changes})
            if there != before:
                break  # other places are to be watched


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
