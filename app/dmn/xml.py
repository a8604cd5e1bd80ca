"""Reading the XML of a DMN file, whatever the version of its namespace."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.dmn.errors import DmnError

NAMESPACES = ("20151101", "20180521", "20191111", "20211108", "20230324", "20240513")


def load(path: Path) -> Element:
    """The root of a DMN model; DTDs and entities are refused."""
    try:
        root: Element = fromstring(path.read_bytes(), forbid_dtd=True)
    except OSError as error:
        raise DmnError(f"{path}: cannot be read: {error.strerror}") from error
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DmnError(f"{path}: not safe, well-formed XML: {error}") from error
    if local(root) != "definitions" or not any(space in root.tag for space in NAMESPACES):
        raise DmnError(f"{path}: no DMN model 1.1 to 1.5: it begins with {root.tag}")
    return root


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element, name: str) -> list[Element]:
    """The children of one name."""
    return [e for e in element if local(e) == name]


def child(element: Element, name: str) -> Element | None:
    """The first child of one name."""
    return next((e for e in element if local(e) == name), None)


def text_of(element: Element) -> str:
    """The FEEL text of an element: that of its `text` children."""
    return "".join(e.text or "" for e in children(element, "text"))


def name_of(element: Element) -> str:
    """The name of an element, its blanks made one."""
    return " ".join(element.get("name", "").split())
