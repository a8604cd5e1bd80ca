"""Tables in the documents that must follow the code: facts, problems, log fields, scopes."""

from __future__ import annotations

import re

import yaml

from app.api.errors import TITLES
from app.api.observing import NOTES
from app.settings import PROJECT_FOLDER
from app.storage.api_keys import SCOPES


def read(name: str) -> str:
    return (PROJECT_FOLDER / "docs" / name).read_text(encoding="utf-8")


def list_rows(text: str, heading: str) -> list[str]:
    """The first cells' code words of the table below a heading."""
    section = re.split(rf"^##+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^##+ ", section, flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def test_the_facts_table_is_the_catalogue() -> None:
    catalogue = yaml.safe_load((PROJECT_FOLDER / "rulesets" / "catalogue.yaml").read_text())
    asked = [name for name, entry in catalogue["inputs"].items() if entry["from"] == "bank"]
    assert list_rows(read("integrator.md"), "Facts") == asked


def test_every_kind_of_problem_is_explained() -> None:
    section = read("integrator.md").split("## Errors")[1]
    assert set(re.findall(r"^\| \d{3} \| (.+?) \|", section, re.MULTILINE)) != set()
    explained = {
        kind
        for cell in re.findall(r"^\| \d{3} \| (.+?) \|", section, re.MULTILINE)
        for kind in re.findall(r"`([^`]+)`", cell)
    }
    assert explained == set(TITLES)


def test_log_fields_and_scopes_are_explained() -> None:
    fields = set(list_rows(read("operator.md"), "Logs"))
    assert fields >= set(NOTES)
    page = read("operator.md")
    assert all(f"`{scope}`" in page for scope in SCOPES)


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*PROJECT_FOLDER.glob("*.md"), *(PROJECT_FOLDER / "docs").rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
