"""The application with a time limit that a test can wait for."""

from __future__ import annotations

from flask import Flask

from app import create_app as create_real_app
from app.api.worker import prepare_worker


def create_app() -> Flask:
    """Settings from the environment; a request may take four seconds."""
    return prepare_worker(create_real_app(), request_seconds=4.0)
