"""Settings come in; the WSGI application goes out, with its database open and its decider ready."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request
from flask_smorest import Api

from app.api import decisions, documentation, explanations, health, reading, waybills
from app.api.authentication import Gate
from app.api.describing import ProblemSchema
from app.api.errors import register_errors
from app.api.observing import begin_request, count_shadow, observe
from app.api.state import EXTENSION, State, state
from app.decisions.service import Decider
from app.settings import Settings, load_settings
from app.storage.connection import connect
from app.storage.decisions import SqlDecisionStore

DESCRIPTION = """Credit decisions for small wholesale merchants, computed from their waybills.

Every call needs an API key: `Authorization: Bearer cx_…`. Errors are RFC 9457 problem documents.
Money is asked in yuan and answered in fen. A change takes an `Idempotency-Key`; repeat a request
that got no answer with the same key."""
MOST_BYTES = 4 * 1024 * 1024


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest, with our errors instead of its own."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        register_errors(self._app)


def build_application(settings: Settings | None = None) -> Flask:
    """The Flask application.

    `make_decider` takes the store; default `app.decisions.service.Decider`.

    Raises DatabaseUnusable, DatabaseNotMigrated, SettingsError.
    """
    settings = settings or load_settings()
    app = Flask("app", static_folder=None)
    app.config.update(
        API_TITLE="Chengxin",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=None,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        API_SPEC_OPTIONS=_spec_options(),
    )
    database = connect(settings)
    store = SqlDecisionStore(database)
    decider = Decider(store, count_shadow=count_shadow)
    app.extensions[EXTENSION] = State(settings, database, store, decider, Gate(database))
    observe(app)
    app.before_request(begin_request)
    app.before_request(_admit)
    api = ProblemApi(app)
    for part in (decisions, explanations, reading, waybills):
        api.register_blueprint(part.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(documentation.blueprint)
    app.extensions["chengxin-openapi"] = _finish_description(api.spec.to_dict())
    return app


def _admit() -> None:
    view = current_app.view_functions.get(request.endpoint) if request.endpoint else None
    state().gate.admit(view)


def _spec_options() -> dict[str, Any]:
    return {
        "info": {"description": DESCRIPTION},
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "cx_<id>_<secret>"}
            }
        },
        "security": [{"key": []}],
    }


def _finish_description(document: dict[str, Any]) -> dict[str, Any]:
    """Without the default answers that flask-smorest adds: every answer is described where it is
    given.
    """
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.get("responses", {}).pop("default", None)
    document["components"].pop("responses", None)
    document["components"]["schemas"].pop("PaginationMetadata", None)
    return document
