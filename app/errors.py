"""The root of every error that a user can cause. Messages say what, where, and what to write
instead.
"""

from __future__ import annotations


class ChengxinError(Exception):
    """Something a user can mend; `str()` is the whole message, fit to be shown."""
