"""Folders come in; the names of the files of every save in them go out.

An editor's save is often several events: a new file, a rename, a removal. They are taken together:
watchfiles waits until nothing has come for a moment. What it did not tell (a save before it began,
a folder that came back, a disk that tells nothing) is found by looking at the files themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

SETTLED_MS = 60  # nothing new for so long: the save is over
LONGEST_MS = 400  # a stream of saves is not waited for longer
LOOK_MS = 500  # how often the files themselves are looked at

State = dict[Path, tuple[int, int]]  # of each file and folder: when it changed, and its size


def watch_saves(folders: Sequence[Path], stop: Event | None = None) -> Iterator[list[str]]:
    """The names of the files of each save from this call on, until `stop` is set or the process is
    interrupted. A folder that is gone is waited for.
    """
    return _watch(folders, _state_of(folders), stop)


def _watch(folders: Sequence[Path], state: State, stop: Event | None) -> Iterator[list[str]]:
    from watchfiles import watch

    while stop is None or not stop.is_set():
        there = [folder.exists() for folder in folders]
        for _ in watch(
            *sorted({_nearest(folder) for folder in folders}),
            debounce=LONGEST_MS,
            step=SETTLED_MS,
            stop_event=stop,
            raise_interrupt=True,
            yield_on_timeout=True,
            rust_timeout=LOOK_MS,
        ):
            before, state = state, _state_of(folders)
            changed = {path for path, _ in before.items() ^ state.items()}
            if changed:
                yield sorted(path.name for path in changed)
            if [folder.exists() for folder in folders] != there:
                break  # other places are to be watched


def _state_of(folders: Sequence[Path]) -> State:
    found: State = {}
    for folder in folders:
        for path in (folder, *folder.rglob("*.yaml")):
            try:
                told = path.stat()
            except OSError:  # gone while it was looked at
                continue
            is_folder = path == folder
            found[path] = (0, 0) if is_folder else (told.st_mtime_ns, told.st_size)
    return found


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
