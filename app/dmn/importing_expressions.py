"""Expressions of a model → terms of the product, rules, a formula; or a text that stands where it
is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from app.dmn.exporting_feel import null_tested, parts_of
from app.dmn.importing_cells import Plain, literal_of, without_null
from app.dmn.importing_found import Found, Misfit, Stage
from app.dmn.importing_table_files import UNKNOWN
from app.dmn.importing_text import Unfit, our_name, plain_name
from app.dmn.importing_types import first, parts, text_in
from app.dmn.importing_yaml import code, comment, in_both, quoted
from app.rules import syntax as s
from app.rules.kinds import NOTHING
from app.rules.terms import Term
from app.rules.types import BOOLEAN, MONEY, NUMBER, TEXT, Type

KINDS = {
    BOOLEAN: Type("boolean"),
    NUMBER: Type("number"),
    MONEY: Type("money"),
    TEXT: Type("text"),
}
GUARDED = re.compile(r"if (.+?) = null then null else (\1\..+)", re.S)
ROUNDED = re.compile(r"if (\w+) = null then null else max\(0, floor\(\1 / ([\d.]+)\) \* \2\)")
NULLS = (
    "A missing input: in DMN equality with null is false and `if` on null takes its else arm;"
    " here both are unknown."
)
LIMIT = "A limit is money: never below 0, in whole fen; DMN gives the number as it is."


def import_literal(
    found: Found, name: str, text: str, names: Mapping[str, str], is_read: bool, is_money: bool
) -> None:
    """Add a decision that is one expression. Raises Unfit."""
    guarded = GUARDED.fullmatch(text.strip())
    if guarded and guarded[1] in found.tables:
        text = guarded[2]
    constant = _constant(text)
    if constant is not None and not is_money:
        own = our_name(name, found.taken())
        found.terms[own] = found.names[name] = own
        found.terms[own] = constant.text
        value = Decimal(constant.text)
        term = Term("const", NUMBER, (), float(value), value)
        found.add_type(own, Type("number"))
        definitions = {**found.scope.definitions, own: term}
        found.scope = replace(found.scope, definitions=definitions)
        return
    wanted = MONEY if is_money else None
    written, tree, term = found.expression(text, names, wanted)
    if isinstance(tree, s.Name):
        found.names[name] = written
        return
    if _null_matters(tree):
        found.note(name, NULLS)
    if term.kind == BOOLEAN and not is_read:
        _add_rule(found, name, written)
    elif term.kind == MONEY and (is_money or not is_read):
        _add_formula(found, name, [], written, "")
    elif is_read:
        found.note(name, "no file of its own: its expression stands where it is read")
    else:
        kind = {NUMBER: "a number", TEXT: "a text", NOTHING: "null"}.get(term.kind, term.kind)
        hint = f"; if it is an amount in yuan, say --money '{name}'" if term.kind == NUMBER else ""
        raise Unfit(f"no file of ours holds {kind} that no table reads{hint}")
    if name not in found.names:
        found.names[name] = f"({written})"


def _constant(text: str) -> Plain | None:
    try:
        value = literal_of(text.strip())
    except Unfit:
        return None
    return value if isinstance(value, Plain) else None


def _null_matters(tree: s.Syntax) -> bool:
    if isinstance(tree, s.Membership):
        return True
    if isinstance(tree, s.Conditional) and not null_tested(tree.condition):
        return True
    if isinstance(tree, s.Comparison) and tree.op in ("=", "!="):
        return not any(isinstance(x, s.NullLiteral) for x in (tree.left, tree.right))
    return any(_null_matters(part) for part in parts_of(tree))


def _add_rule(found: Found, name: str, written: str) -> None:
    stage = our_name(name, found.taken())
    reason = re.sub(r"\W", "_", stage).upper()
    found.reasons[reason] = name
    found.note(
        name,
        f"became a rule that only flags, with the reason {reason};"
        " whether it declines or refers is for you to say",
    )
    text = comment(f"From the decision '{name}': true is hit, false is clear, null is unknown.") + (
        f"kind: rules\ntitle: {in_both(name)}\nunknown: refer\nrules:\n"
        f"  - {{id: {quoted(stage)}, when: {code(written)}, then: flag, reason: {reason}}}\n"
    )
    found.stages.append(Stage(stage, f"{stage}.yaml", text, name))


def _add_formula(
    found: Found, name: str, lets: list[tuple[str, str]], limit: str, unit: str
) -> None:
    other = next((one for one in found.stages if "kind: formula" in one.text), None)
    if other is not None:
        raise Unfit(f"a policy has one limit, and the decision '{other.decision}' gives it already")
    if "limit" in found.scope.types:
        raise Unfit(
            "'limit' is the name of an input or output already, and a formula gives 'limit'"
        )
    found.note(name, LIMIT)
    stage = our_name(f"{name}_stage" if plain_name(name) == "limit" else name, found.taken())
    shown = "".join(f"  {own}: {code(text)}\n" for own, text in lets)
    text = (
        comment(f"From the decision '{name}'. {LIMIT}")
        + f"kind: formula\ntitle: {in_both(name)}\nunknown: refer\n"
        + (f"let:\n{shown}" if lets else "")
        + f"limit: {code(limit)}\n"
        + (f"round_down_to: {unit}\n" if unit else "")
    )
    found.stages.append(Stage(stage, f"{stage}.yaml", text, name))
    found.add_type("limit", Type("money"))
    found.names[name] = "limit"


def import_context(found: Found, name: str, context: Element, names: Mapping[str, str]) -> None:
    """Add a boxed context of expressions, the last of which is an amount. Raises Unfit."""
    outer = found.scope
    inner = dict(names)
    lets: list[tuple[str, str]] = []
    unit, term = "", None
    try:
        for entry in parts(context, "contextEntry"):
            variable, logic = first(entry, "variable"), first(entry, "literalExpression")
            if logic is None:
                raise Unfit("an entry of the context is no literal expression")
            text = text_in(logic)
            if lets and (rounded := ROUNDED.fullmatch(text)) and rounded[1] == lets[-1][0]:
                unit = rounded[2]
                found.names[f"{name}.limit"] = "limit"
                continue
            entry_name = plain_name(variable.get("name", "")) if variable is not None else "result"
            own = our_name(entry_name, found.taken())
            written, _, term = found.expression(text, inner)
            lets.append((own, written))
            inner[entry_name] = own
            found.add_type(own, KINDS[term.kind])
            definitions = {**found.scope.definitions, own: term}
            found.scope = replace(found.scope, definitions=definitions)
    finally:
        found.scope = outer
    if term is None or term.kind != MONEY:
        raise Unfit(
            "our formulas give an amount of money, and the last entry is none;"
            " say --money for the inputs that are amounts in yuan"
        )
    _add_formula(found, name, lets[:-1], lets[-1][1], unit)
    found.note(name, NULLS)


# --- rules that we exported ---

RULE_OUTPUTS = ["rule", "result", "outcome", "reason"]


def is_rules(table: Element) -> bool:
    """Whether a table is one of our exported rules."""
    names = [e.get("name") for e in parts(table, "output")]
    return names == RULE_OUTPUTS and table.get("hitPolicy") == "RULE ORDER"


def import_rules(found: Found, name: str, table: Element, names: Mapping[str, str]) -> None:
    """Bring rules back: the rows `hit` are the rules, those `unknown` follow from them."""
    before, unknown = len(found.misfits), "refer"
    rules: list[str] = []
    subjects = [text_in(first(e, "inputExpression")) for e in parts(table, "input")]
    for number, rule in enumerate(parts(table, "rule"), 1):
        values = [literal_of(text_in(e)) for e in parts(rule, "outputEntry")]
        if len(values) != len(RULE_OUTPUTS):
            found.misfits.append(Misfit(name, "a rule has four outputs", number))
            continue
        if values[1] == UNKNOWN:
            unknown = str(values[2])
            continue
        tests = [
            _test(subject, text_in(e))
            for subject, e in zip(subjects, parts(rule, "inputEntry"), strict=False)
            if text_in(e) != "-"
        ]
        try:
            written, _, _ = found.expression(" and ".join(tests) or "true", names, BOOLEAN)
        except Unfit as unfit:
            found.misfits.append(Misfit(name, str(unfit), number))
            continue
        title = " ".join(text_in(e) for e in parts(rule, "annotationEntry")) or str(values[0])
        chinese, _, english = title.partition(" · ")
        rules.append(
            f"  - id: {quoted(str(values[0]))}\n    title: {in_both(chinese, english)}\n"
            f"    when: {code(written)}\n    then: {values[2]}\n    reason: {values[3]}\n"
        )
        found.reasons.setdefault(str(values[3]), title)
    if len(found.misfits) > before:
        return
    stage = our_name(name, found.taken())
    text = (
        comment(f"From the decision '{name}'.")
        + f"kind: rules\ntitle: {in_both(name)}\nunknown: {unknown}\nrules:\n"
        + "".join(rules)
    )
    found.stages.append(Stage(stage, f"{stage}.yaml", text, name))
    found.add_type(f"{stage}_hits", Type("integer"))
    found.add_type(f"{stage}_outcome", Type("category", ("approve", "refer", "decline")))
    found.tables[name] = {}
    found.names[f"{name}_hits"] = f"{stage}_hits"
    found.names[f"{name}_outcome"] = f"{stage}_outcome"


def _test(subject: str, cell: str) -> str:
    """A cell over its column as one condition."""
    cell = without_null(cell)
    if cell in ("true", "false"):
        return subject if cell == "true" else f"not({subject})"
    if cell[:1] in "<>" and "," not in cell:
        return f"{subject} {cell}"
    return f"{subject} in ({cell})" if cell[:1] not in "[(]" else f"{subject} in {cell}"
