"""Chengxin: credit from waybills."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application: `settings` (default: from the environment) come in, a Flask application
    goes out.

    It opens the database at once, so call it in the process that serves.
    """
    from app.api.application import build_application

    return build_application(settings)
