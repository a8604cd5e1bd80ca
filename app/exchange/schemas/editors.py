"""Which schema is for which file: the setting of VS Code's YAML extension, a file's own line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from app.policies.documents import list_products

SHARED = ("catalogue", "reasons", "cleaning", "calendar", "expectations", "tariffs")
FOLDERS = {"tariffs": "reference/"}  # of the shared files that do not stand beside the others
OWN = ("policy", "ruleset", "scorecard", "cases", "accepted")
NO_RULESETS = ("policy.yaml", "accepted.yaml")


def yaml_schemas(
    paths: Mapping[str, Path],
    rulesets: Path,
    scorecards: Path,
    product: str | None = None,
    cards: Iterable[str] | None = None,
) -> dict[str, list[str]]:
    """`yaml.schemas` of a workspace in the folder above the rulesets: schema file → files.

    `paths`: the schema files by kind; with `product` its own files alone are named, with `cards`
    these scorecards alone.
    """
    root = rulesets.resolve().parent
    patterns = _patterns(rulesets, product)
    patterns["scorecard"] = [f"{scorecards.name}/{name}" for name in cards or ("*.yaml",)]
    found: dict[str, list[str]] = {}
    for kind in (kind for kind in (*OWN, *SHARED) if kind in paths):
        path = paths[kind].resolve()
        shown = f"./{path.relative_to(root).as_posix()}" if path.is_relative_to(root) else str(path)
        found[shown] = patterns[kind]
    return found


def modeline(path: Path) -> str:
    """The first line of a file that names its schema itself."""
    return f"# yaml-language-server: $schema={path.resolve()}"


def _patterns(rulesets: Path, product: str | None) -> dict[str, list[str]]:
    base, which = rulesets.name, product or "*"
    products = [product] if product else list_products(rulesets)
    files = [
        f"{base}/{one}/{path.name}"
        for one in products
        for path in sorted((rulesets / one).glob("*.yaml"))
        if path.name not in NO_RULESETS
    ]
    return {
        "policy": [f"{base}/{which}/policy.yaml"],
        "ruleset": files,
        "cases": [f"{base}/{which}/cases/*.yaml"],
        "accepted": [f"{base}/accepted.yaml", f"{base}/{which}/accepted.yaml"],
        **{kind: [f"{base}/{FOLDERS.get(kind, '')}{kind}.yaml"] for kind in SHARED},
    }
