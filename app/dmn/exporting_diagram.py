"""The diagram of an exported model: inputs below, each decision above all that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement

WIDTH, HEIGHT, GAP, RISE = 170, 60, 20, 120
MOST_IN_ROW = 12
Arrow = tuple[str, str, str]  # (id, from, to)


def levels_of(names: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """How high each element stands: 0 for one that reads nothing."""
    level = dict.fromkeys(names, 0)
    for _ in names:  # decisions stand after what they read, so one round is enough, as a rule
        before = dict(level)
        for _, low, high in arrows:
            level[high] = max(level[high], level[low] + 1)
        if level == before:
            break
    return level


def place(
    names: Sequence[str], inputs: Sequence[str], arrows: Sequence[Arrow]
) -> dict[str, tuple[int, int]]:
    """The left upper corner of each element; at most so many stand in a row."""
    level = levels_of(names, arrows)
    for name in names:
        if name not in inputs:
            level[name] = max(1, level[name])
    rows: list[list[str]] = []
    for height in sorted(set(level.values())):
        here = [name for name in names if level[name] == height]
        rows += [here[at : at + MOST_IN_ROW] for at in range(0, len(here), MOST_IN_ROW)]
    widest = max((len(row) for row in rows), default=0) * (WIDTH + GAP)
    found: dict[str, tuple[int, int]] = {}
    for at, row in enumerate(reversed(rows)):
        left = (widest - len(row) * (WIDTH + GAP)) // 2
        for number, name in enumerate(row):
            found[name] = (GAP + left + number * (WIDTH + GAP), GAP + at * RISE)
    return found


def draw(
    root: Element,
    title: str,
    ids: Mapping[str, str],
    inputs: Sequence[str],
    arrows: Sequence[Arrow],
) -> None:
    """Add the diagram interchange part to a model."""
    places = place(list(ids), inputs, arrows)
    whole = SubElement(SubElement(root, "dmndi:DMNDI"), "dmndi:DMNDiagram")
    whole.set("id", "_diagram")
    whole.set("name", title)
    for name, (x, y) in places.items():
        attributes = {"id": f"_shape{ids[name]}", "dmnElementRef": ids[name]}
        shape = SubElement(whole, "dmndi:DMNShape", attributes)
        size = {"x": str(x), "y": str(y), "width": str(WIDTH), "height": str(HEIGHT)}
        SubElement(shape, "dc:Bounds", size)
    for arrow, low, high in arrows:
        attributes = {"id": f"_edge{arrow}", "dmnElementRef": arrow}
        edge = SubElement(whole, "dmndi:DMNEdge", attributes)
        for x, y in (
            (places[low][0] + WIDTH // 2, places[low][1]),
            (places[high][0] + WIDTH // 2, places[high][1] + HEIGHT),
        ):
            SubElement(edge, "di:waypoint", {"x": str(x), "y": str(y)})
