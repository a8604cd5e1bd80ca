"""`/openapi.json`, and `/docs`: Swagger UI from files of an installed package, so it works without
the internet.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import orjson
from flask import Blueprint, Response, current_app, send_file

from app.api.authentication import allow
from app.api.errors import ProblemError

ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chengxin API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"><noscript>See <a href="/openapi.json">/openapi.json</a>.</noscript></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#ui", validatorUrl: null, deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis], defaultModelsExpandDepth: 0
});
"""

blueprint = Blueprint("documentation", __name__)


@blueprint.get("/openapi.json")
@allow(None)
def read_description() -> Response:
    """The OpenAPI description of everything under /v1."""
    return Response(
        orjson.dumps(current_app.extensions["chengxin-openapi"]),
        headers=HEADERS,
        content_type="application/json",
    )


@blueprint.get("/docs")
@allow(None)
def read_page() -> Response:
    """The description, for reading and trying."""
    return Response(PAGE, headers=HEADERS, content_type="text/html; charset=utf-8")


@blueprint.get("/docs/<string:name>")
@allow(None)
def read_asset(name: str) -> Response:
    """One of the files that the page needs."""
    if name == "start.js":
        return Response(START, headers=HEADERS, content_type="text/javascript")
    if name not in ASSETS:
        raise ProblemError(404, "not-found", f"the documentation has no file {name[:64]!r}")
    response = send_file(_asset_folder() / name, mimetype=ASSETS[name], max_age=86_400)
    response.headers.update(HEADERS)
    return response


def _asset_folder() -> Path:
    vendor = Path(str(files("swagger_ui_bundle"))) / "vendor"
    return next(
        folder for folder in sorted(vendor.iterdir()) if (folder / "swagger-ui.css").exists()
    )
