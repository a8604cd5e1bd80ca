"""A record and its release come in; the full trace for an analyst goes out: every condition with
the values it read, points lost, the row and why others failed, each factor of the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.decisions.decide import LivePolicy
from app.explanations.phrases import percent, show, yuan
from app.policies.policy import Policy
from app.rules.program import build_program
from app.rules.rulesets import Formula, Rules, Table
from app.rules.scalar import compile_scalar
from app.rules.stages import RESULT_WORDS
from app.rules.terms import Term
from app.rules.types import MONEY
from app.scoring.scorecard import Scorecard

Json = dict[str, Any]


def explain_analyst(live: LivePolicy, record: Mapping[str, Any]) -> Json:
    """The explanation as JSON data, stage by stage; amounts also as text."""
    policy = live.policy
    known = dict(record["inputs"])
    pipeline = live.pipeline(record["purpose"])
    stages = []
    for stage, traced, (_, compiled) in zip(
        policy.stages, record["stages"], pipeline.stages, strict=True
    ):
        told: Json = {
            "stage": stage.name,
            "outcome": traced["outcome"],
            "title": _title(stage.checked),
            "unknown": traced.get("unknown", []),
        }
        if traced["outcome"] != "not_applicable":
            told |= _explain_stage(policy, stage.checked, traced, known)
        if "disagreement" in traced:
            told["disagreement"] = traced["disagreement"]
        known.update(compiled.judge(known).gives)
        stages.append(told)
    rate = record["daily_rate"]
    return {
        "outcome": record["outcome"],
        "purpose": record["purpose"],
        "role": record.get("role"),
        "experiment": record.get("experiment"),
        "stopped": record.get("stopped", False),
        "amount": yuan(record.get("amount_fen")),
        "score": record["score"],
        "tier": record["tier"],
        "limit": yuan(record["limit_fen"]),
        "price": None
        if rate is None
        else {"a_day": percent(rate), "a_year": percent(record["yearly_rate"])},
        "reasons": [
            {"code": code, "text": dict(policy.reasons[code].staff)} for code in record["reasons"]
        ],
        "stages": stages,
        "unknowns": {n: record["missing"].get(n, "null") for n in record["unknowns"]},
        "assumed": {n: _shown(policy, n, v) for n, v in record["assumed"].items()},
        "engines": record["engines"],
        "engines_agree": record["engines_agree"],
    }


def _title(checked: object) -> dict[str, str]:
    if isinstance(checked, Scorecard):
        return dict(checked.title)
    header = getattr(checked, "header", None)
    return dict(header.title) if header is not None else {}


def _explain_stage(
    policy: Policy, checked: object, traced: Mapping[str, Any], known: Mapping[str, Any]
) -> Json:
    match checked:
        case Rules():
            return {"rules": _rules(policy, checked, traced, known)}
        case Table():
            return _table(policy, checked, traced, known)
        case Formula():
            return _formula(checked, traced, known)
        case Scorecard():
            return _card(policy, checked, traced)
    return {}


def _rules(
    policy: Policy, rules: Rules, traced: Mapping[str, Any], known: Mapping[str, Any]
) -> list[Json]:
    results = traced.get("rules", {})
    return [
        {
            "id": rule.id,
            "title": dict(rule.title),
            "result": results.get(rule.id, "not_applicable"),
            "when": rule.written,
            "values": _values(policy, rule.when.inputs(), known),
            "then": rule.then,
            "reason": rule.reason,
        }
        for rule in rules.rules
    ]


def _table(
    policy: Policy, table: Table, traced: Mapping[str, Any], known: Mapping[str, Any]
) -> Json:
    rows = []
    for row in table.rows:
        result = traced.get("tested", {}).get(row.id, "not_tested")
        told: Json = {"id": row.id, "result": result, "cells": dict(row.written)}
        if result in ("clear", "unknown"):
            told["failed"] = [
                {
                    "condition": part.op,
                    "values": _values(policy, part.inputs(), known),
                    "result": word,
                }
                for part, word in _parts(row.condition, known)
                if word != "hit"
            ]
            names = {n for part in told["failed"] for n in part["values"]}
            told["failed_cells"] = {n: c for n, c in row.written.items() if n in names}
        rows.append(told)
    return {"row": traced["row"], "outputs": traced.get("outputs", {}), "rows": rows}


def _parts(condition: Term, known: Mapping[str, Any]) -> Iterable[tuple[Term, str]]:
    for part in condition.args if condition.op == "and" else (condition,):
        yield part, RESULT_WORDS[_value_of(part, known)]


def _value_of(term: Term, known: Mapping[str, Any]) -> Any:
    return compile_scalar(build_program([term]))(known)[0]


def _formula(formula: Formula, traced: Mapping[str, Any], known: Mapping[str, Any]) -> Json:
    lets = [
        {"name": name, "is": written, "value": _term_shown(term, _value_of(term, known))}
        for name, term, written in formula.lets
    ]
    return {
        "let": lets,
        "limit": formula.written,
        "exact": yuan(traced["exact_fen"]),
        "rounded": yuan(traced["limit_fen"]),
        "min": [_choice(formula, choice, known) for choice in formula.choices],
    }


def _choice(formula: Formula, choice: Any, known: Mapping[str, Any]) -> Json:
    amounts = [_value_of(term, known) for term in choice.terms]
    operands = [
        {"is": text, "value": _term_shown(term, amount)}
        for text, term, amount in zip(choice.written, choice.terms, amounts, strict=True)
    ]
    told: Json = {"of": choice.of, "operands": operands, "binding": None}
    if None not in amounts:
        order = sorted(range(len(amounts)), key=lambda i: amounts[i])
        told["binding"] = choice.written[order[0]]
        second = amounts[order[1]]
        told["next"] = {
            "is": choice.written[order[1]],
            "would_give": _term_shown(choice.terms[order[1]], second),
        }
    return told


def _card(policy: Policy, card: Scorecard, traced: Mapping[str, Any]) -> Json:
    found = {one.id: one for one in card.characteristics}
    rows = []
    for traced_one in sorted(traced["characteristics"], key=lambda c: -c["lost"]):
        one = found[traced_one["id"]]
        value = traced_one["value"]
        plain = policy.inputs.get(one.term.payload) if one.term.op == "input" else None
        rows.append(
            {
                "id": one.id,
                "title": dict(one.title),
                "reads": one.written,
                "value": show(plain, value),
                "bin": traced_one["bin"],
                "points": traced_one["points"],
                "best": one.best,
                "lost": traced_one["lost"],
            }
        )
    return {"score": traced["score"], "characteristics": rows}


def _values(policy: Policy, names: Iterable[str], known: Mapping[str, Any]) -> Json:
    return {name: _shown(policy, name, known.get(name)) for name in dict.fromkeys(names)}


def _shown(policy: Policy, name: str, value: Any) -> dict[str, str]:
    if name == "limit" and isinstance(value, int):
        return yuan(value)
    return show(policy.inputs.get(name), value)


def _term_shown(term: Term, value: Any) -> dict[str, str]:
    return yuan(value) if term.kind == MONEY else show(None, value)
