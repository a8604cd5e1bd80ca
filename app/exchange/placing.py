"""A problem that the check found in a file as it would be comes in; the cell of the workbook that
it comes from goes out.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.exchange.building import Places
from app.exchange.reading import CellProblem
from app.exchange.sheets import Path
from app.exchange.spans import end_of
from app.rules.document import AnyNode, Scalar, load_yaml
from app.rules.document import Mapping as MappingNode
from app.rules.document import Sequence as SequenceNode
from app.rules.problems import Problem, ProblemsFound

VALUE_SHEETS = ("formula", "terms", "dimensions")


def place_problem(
    problem: Problem, texts: Mapping[str, str], places: Mapping[str, Places]
) -> CellProblem | None:
    """The problem with the name of its cell; None where no cell of the workbook holds it."""
    file = problem.place.file
    if file not in places or file not in texts:
        return None
    try:
        root = load_yaml(file, texts[file])
    except ProblemsFound:
        return None
    lines = root.source.text.split("\n")[: problem.place.line - 1]
    path = _path_to(root, sum(len(line) + 1 for line in lines) + problem.place.column - 1)
    for size in range(len(path), 0, -1):
        there = places[file].get(path[:size])
        if there is not None:
            sheet, row = there
            return CellProblem(
                sheet.cell(row, _column(sheet.of.shape, path, size, sheet.places, problem)),
                f"{problem.message} [{problem.code}]",
                problem.hint or _where_else(sheet.of.shape, problem.message),
            )
    return None


def _where_else(shape: str, message: str) -> str | None:
    """What stands in another sheet than the line that it belongs to."""
    if shape == "characteristics" and ("'missing'" in message or "'bins'" in message):
        return (
            "write its bins and its line 'missing 缺失' into the sheet of bins, or delete it here"
        )
    return None


def _column(shape: str, path: Path, size: int, known: Mapping[str, int], problem: Problem) -> str:
    """The column of a cell from what is left of the path."""
    if shape in VALUE_SHEETS:
        return "name" if problem.code in ("bad-name", "name-taken") else "value"
    if shape == "bins" and path[size - 1] == "missing":
        return "points"
    for key in (".".join(map(str, path[size:])), *(str(part) for part in path[size:])):
        if key in known:
            return key
    asked = next((key for key in known if f"the key '{key}'" in problem.message), None)
    return asked or next(iter(known), "")


def _path_to(node: AnyNode, index: int) -> Path:
    """The way to the deepest node that holds a place of the text."""
    if isinstance(node, Scalar):
        return ()
    if isinstance(node, MappingNode):
        for key, value in node.items:
            if key.start <= index < max(end_of(value), key.end + 1):
                return (key.text, *_path_to(value, index)) if index != node.start else ()
    elif isinstance(node, SequenceNode):
        for place, item in enumerate(node.items):
            if item.start <= index < max(end_of(item), item.start + 1):
                return (place, *_path_to(item, index))
    return ()
