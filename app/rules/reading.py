"""A ruleset's document → the checked ruleset, None where nothing usable is left of it."""

from __future__ import annotations

from app.rules.document import AnyNode
from app.rules.document import Mapping as MappingNode
from app.rules.fields import Fields
from app.rules.problems import Problem
from app.rules.reading_formulas import read_formula
from app.rules.reading_tables import read_table
from app.rules.rulesets import UNKNOWN_OUTCOMES, Header, Rule, Rules, Ruleset
from app.rules.scope import Scope, check_expression, read_id, read_purposes, read_reason
from app.rules.types import BOOLEAN


def read_ruleset(root: AnyNode, name: str, scope: Scope, problems: list[Problem]) -> Ruleset | None:
    """The checked ruleset of a document; None when nothing usable came out (problems say why)."""
    fields = Fields(root, f"the ruleset '{name}'", problems)
    if not isinstance(root, MappingNode):
        return None
    kind = fields.choice("kind", ("rules", "table", "formula"))
    if kind is None:
        return None
    header = Header(
        kind=kind,
        name=name,
        title=fields.words("title", required=False),
        unknown=fields.choice("unknown", UNKNOWN_OUTCOMES, required=kind == "rules") or "refer",
        purposes=read_purposes(fields),
    )
    reader = {"rules": _read_rules, "table": read_table, "formula": read_formula}[kind]
    ruleset = reader(fields, header, scope)
    fields.finish()
    return ruleset


def _read_rules(fields: Fields, header: Header, scope: Scope) -> Rules:
    rules: list[Rule] = []
    seen: dict[str, int] = {}
    for node in fields.sequence("rules"):
        rule = _read_rule(Fields(node, "a rule", fields.problems), scope, seen)
        if rule is not None:
            rules.append(rule)
    return Rules(header, tuple(rules))


def _read_rule(fields: Fields, scope: Scope, seen: dict[str, int]) -> Rule | None:
    identity = read_id(fields, seen, required=True)
    title = fields.words("title", required=False)
    when = fields.scalar("when")
    then = fields.choice("then", ("decline", "refer", "flag"))
    reason = read_reason(fields, scope)
    purposes = read_purposes(fields)
    fields.finish()
    checked = when and check_expression(when, scope, fields.problems, BOOLEAN, "a rule's condition")
    if not (identity and when and checked and then and reason):
        return None
    return Rule(identity, title, checked[0], when.text, then, reason, purposes)
