"""What can be wrong with the database, in words that say what to do."""

from __future__ import annotations

from app.errors import ChengxinError


class DatabaseUnusable(ChengxinError):
    """The database cannot be opened; the message says where it was looked for."""


class DatabaseNotMigrated(ChengxinError):
    """The tables are older than the program; `chengxin db migrate` brings them up to date."""
