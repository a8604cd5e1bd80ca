"""What is wrong in a reference list: a file and its wrong lines come in, one error goes out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.errors import ChengxinError

MOST_TOLD = 20  # problems of a file


class BadReferenceList(ChengxinError):
    """A reference list cannot be used; the message names the file and every line that is wrong."""


def refuse(path: Path, wrong: Sequence[str]) -> None:
    """Raise BadReferenceList with these problems, if there are any."""
    if wrong:
        more = f"\n  … and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise BadReferenceList("\n  ".join([f"{path}:", *wrong[:MOST_TOLD]]) + more)
