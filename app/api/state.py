"""What a worker holds for as long as it lives, and how views reach it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from flask import current_app

from app.api.authentication import Gate
from app.decisions.service import Decider
from app.settings import Settings
from app.storage.decisions import SqlDecisionStore

EXTENSION = "chengxin"


@dataclass(frozen=True, slots=True)
class State:
    """The worker's database, what reads it, and the decider."""

    settings: Settings
    database: Any
    store: SqlDecisionStore
    decider: Decider
    gate: Gate


def state() -> State:
    """The state of the application that handles the current request."""
    return cast(State, current_app.extensions[EXTENSION])
