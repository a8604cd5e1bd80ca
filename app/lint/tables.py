"""A table comes in; rows that overlap or are never reached, values that fall between rows, columns
that decide nothing and an `otherwise` for nobody go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from app.lint.context import Part, purposes_of
from app.lint.expressions import look_into_cell, look_into_expression, results_of
from app.lint.gaps import report_gaps
from app.lint.rules import say_no_purpose
from app.lint.search import MAYBE, NO, YES, Answer, Question, can_be
from app.lint.values import FALSE, NULL, TRUE, Value
from app.lint.wording import write_merchant
from app.rules.document import AnyNode, Scalar
from app.rules.document import Mapping as MappingNode
from app.rules.rulesets import PURPOSES, Row, Table
from app.rules.terms import Term, conjunction
from app.rules.types import BOOLEAN

UNDECIDED = -1  # the row that a table finds is not known


def look_into_table(part: Part) -> None:
    """Report everything that is at fault in a table."""
    table = part.stage.checked
    assert isinstance(table, Table)
    nodes = [node for node in part.items("rows") if isinstance(node, MappingNode)]
    _look_into_columns(part)
    faulty = {
        place
        for place, (node, row) in enumerate(zip(nodes, table.rows, strict=True))
        if _look_into_row(part, table, node, row)
    }
    _compare_rows(part, table, nodes, faulty)
    if not faulty:
        _report_columns(part, table)


def _look_into_columns(part: Part) -> None:
    for node in part.items("inputs"):
        expression = node.get("is") if isinstance(node, MappingNode) else None
        name = node.get("name") if isinstance(node, MappingNode) else None
        if isinstance(expression, Scalar) and isinstance(name, Scalar):
            look_into_expression(part, expression, (name.text,))


def _look_into_row(part: Part, table: Table, node: MappingNode, row: Row) -> int:
    """Findings about one row alone; how many."""
    found = 0
    if not purposes_of(part.stage, row.purposes):
        say_no_purpose(part, node, row.id)
        found += 1
    for name, subject in zip(table.columns, table.subjects, strict=True):
        cell = node.get(name)
        if isinstance(cell, Scalar) and not cell.is_null:
            of = part.scope.types.get(name)
            found += look_into_cell(part, cell, subject, of, (row.id,))
    if found == 0 and row.condition.op != "const" and not results_of(row.condition, part) & TRUE:
        part.findings.say(
            node,
            "never-true",
            f"no merchant fits the row {row.id}: its cells together leave nothing",
            "change a cell so that some merchant fits, or delete the row",
            (row.id,),
        )
        found += 1
    return found


# --- rows against rows ---


def _compare_rows(part: Part, table: Table, nodes: Sequence[MappingNode], faulty: Set[int]) -> None:
    """Overlaps, unreachable rows, an unreachable `otherwise` and gaps, for each set of rows that is
    judged together. What follows from a row that is `faulty` by itself is not told.
    """
    told: set[str] = set()
    reached: set[int] = set()
    covers: dict[int, list[int]] = {}
    otherwise_reached = False
    groups = {
        tuple(i for i, row in enumerate(table.rows) if p in purposes_of(part.stage, row.purposes))
        for p in PURPOSES
    } - {()}
    for group in sorted(groups):
        if table.hit == "unique":
            _report_overlaps(part, table, nodes, [i for i in group if i not in faulty], told)
            reached.update(group)
        else:
            for place, index in enumerate(group):
                if _is_covered(part, table, index, group[:place]):
                    covers.setdefault(index, list(group[:place]))
                else:
                    reached.add(index)
        rest = [_fails(table.rows[i].condition) for i in group]
        otherwise_reached |= can_be(conjunction(tuple(rest)), TRUE, part.domains).says != NO
    lost = covers.keys() - reached
    for index in sorted(lost - faulty):
        needed = _needed_to_cover(part, table, index, covers[index])
        if faulty.isdisjoint(needed):
            _say_covered(part, table, nodes[index], index, needed)
    if not otherwise_reached and not faulty:
        _say_otherwise(part)
    for group in sorted(groups):
        report_gaps(part, table, [nodes[i] for i in group], group, lost | faulty)


def _fails(condition: Term) -> Term:
    return Term("not", BOOLEAN, (condition,))


def _is_covered(part: Part, table: Table, index: int, above: Sequence[int]) -> bool:
    """Whether no merchant passes all rows above and then fits this one."""
    parts = (table.rows[index].condition, *(_fails(table.rows[i].condition) for i in above))
    return can_be(conjunction(parts), TRUE, part.domains).says == NO


def _needed_to_cover(part: Part, table: Table, index: int, above: list[int]) -> list[int]:
    """Of the rows above, those without which the row would be reached."""
    needed = list(above)
    for one in above:
        fewer = [i for i in needed if i != one]
        if _is_covered(part, table, index, fewer):
            needed = fewer
    return needed


def _say_covered(
    part: Part, table: Table, node: MappingNode, index: int, needed: list[int]
) -> None:
    row = table.rows[index]
    names = " and ".join(table.rows[i].id for i in needed)
    takes, those = ("takes", "that row") if len(needed) == 1 else ("together take", "those rows")
    part.findings.say(
        node,
        "row-unreachable",
        f"the row {row.id} is never reached: {names} above it {takes} every merchant that fits it",
        f"put it above {names}, narrow {those}, or delete it",
        (row.id,),
    )


def _report_overlaps(
    part: Part, table: Table, nodes: Sequence[MappingNode], group: Sequence[int], told: set[str]
) -> None:
    for place, index in enumerate(group):
        for other in group[:place]:
            one, before = table.rows[index], table.rows[other]
            key = f"{other} {index}"
            if key in told:
                continue
            both = conjunction((before.condition, one.condition))
            answer = can_be(both, TRUE, part.domains)
            if answer.says != YES:
                continue
            told.add(key)
            part.findings.say(
                nodes[index],
                "rows-overlap",
                f"the rows {before.id} and {one.id} both fit a merchant with"
                f" {_merchant(part, answer)}, and in this table only one may",
                "change a cell of one of the two, or write `hit: first`",
                (one.id, before.id),
            )


def _merchant(part: Part, answer: Answer) -> str:
    return write_merchant(answer.merchant or {}, part.domains) or "any values"


def _say_otherwise(part: Part) -> None:
    node = part.node.get("otherwise")
    if node is not None:
        part.findings.say(
            node,
            "otherwise-unreachable",
            "`otherwise` is never reached: the rows take every merchant whose values are known",
            "narrow a row if some merchants should come here, or accept this in accepted.yaml",
            ("otherwise",),
        )


# --- columns ---


def _report_columns(part: Part, table: Table) -> None:
    columns: dict[str, AnyNode] = {}
    for node in part.items("inputs"):
        named = node.get("name") if isinstance(node, MappingNode) else node
        if isinstance(named, Scalar):
            columns[named.text] = named
    whole = [row.condition for row in table.rows]
    for name in table.columns:
        if name not in columns or not _is_idle(part, table, name, whole):
            continue
        part.findings.say(
            columns[name],
            "column-without-effect",
            f"the column {name} never matters: without it every known merchant gets the same",
            "delete the column, or test it in a row where it should decide",
            (name,),
        )


def _is_idle(part: Part, table: Table, name: str, whole: list[Term]) -> bool:
    """Whether the table gives the same without the column, wherever the column's value is known
    (or also where it is not, if a cell asks for null).
    """
    subject = table.subjects[table.columns.index(name)]
    shorter = [_without(part, table, row, name) for row in table.rows]
    results = _results_by_row(table)
    groups = {
        tuple(i for i, row in enumerate(table.rows) if p in purposes_of(part.stage, row.purposes))
        for p in PURPOSES
    } - {()}
    about_null = any("null" in row.written.get(name, "") for row in table.rows)
    known = Term("not", BOOLEAN, (Term("is_null", BOOLEAN, (subject,)),))
    for group in groups:
        terms = [known, *(whole[i] for i in group), *(shorter[i] for i in group)]
        named = [results[i] for i in group] + [results[-1]]

        def judge(sets: Sequence[Value], named: list[int] = named) -> str:
            count = (len(sets) - 1) // 2
            if not about_null and not sets[0] & TRUE:
                return NO
            before = _chosen(table.hit, sets[1 : count + 1], named)
            after = _chosen(table.hit, sets[count + 1 :], named)
            if before == after and len(before) == 1:
                return NO
            if before.isdisjoint(after) and (about_null or sets[0] == TRUE):
                return YES
            return MAYBE

        if Question(terms, part.domains).ask(judge).says != NO:
            return False
    return True


def _results_by_row(table: Table) -> list[int]:
    """For each row, and at last for `otherwise`, a number that equal results share."""
    seen: dict[tuple[object, ...], int] = {}
    return [
        seen.setdefault((row.outputs, row.then, row.reason), len(seen))
        for row in (*table.rows, table.otherwise)
    ]


def _chosen(hit: str, sets: Sequence[Value], named: Sequence[int]) -> set[int]:
    """The results that a table can give when its rows can give these."""
    found: set[int] = set()
    if hit == "first":
        for mask, result in zip(sets, named, strict=False):
            if mask & TRUE:
                found.add(result)
            if mask & NULL:
                found.add(UNDECIDED)
            if not mask & FALSE:
                return found
        found.add(named[-1])
        return found
    sure = sum(mask == TRUE for mask in sets)
    if sure > 1:
        return {UNDECIDED}
    may = [result for mask, result in zip(sets, named, strict=False) if mask & TRUE]
    if sure == 0 and all(mask & FALSE for mask in sets):
        found.add(named[-1])
    found.update(may)
    if len(may) > 1 or any(mask & NULL for mask in sets):
        found.add(UNDECIDED)
    return found


def _without(part: Part, table: Table, row: Row, name: str) -> Term:
    """The condition of a row without one cell."""
    kept: list[Term] = []
    nodes: Mapping[str, str] = row.written
    for column, subject in zip(table.columns, table.subjects, strict=True):
        if column == name or column not in nodes:
            continue
        term = part.cell(nodes[column], subject, part.scope.types.get(column))
        if term is not None:
            kept.append(term)
    return conjunction(tuple(kept))
