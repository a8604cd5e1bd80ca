"""A failing case comes in; what each stage said of it goes out, with the inputs that it read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.policies.cases import Case
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.policies.trials import values_of
from app.rules.compiled import CompiledFormula, CompiledRules, CompiledTable
from app.rules.stages import CLEAR, UNKNOWN
from app.rules.types import MONEY, Type


def trace_case(policy: Policy, case: Case) -> list[dict[str, Any]]:
    """Each stage's trace, as a decision's record has it."""
    pipeline = Pipeline(policy, case.purpose)
    return pipeline.judge(values_of(policy, case), engines="scalar").stages


def tell_case(policy: Policy, case: Case) -> Iterator[str]:
    """A line a stage: what it said, and below it the rule, row or bins that made it say so."""
    values = values_of(policy, case)
    for name, stage in Pipeline(policy, case.purpose).stages:
        result = stage.judge(values)
        trace = result.trace
        yield f"{name}: {trace['outcome']}{_of(trace)}"
        read = _read(stage, trace)
        if read:
            told = (f"{n} {_show(policy, n, values.get(n))}" for n in dict.fromkeys(read))
            yield f"    read {', '.join(told)}"
        values.update(result.gives)


def _of(trace: Mapping[str, Any]) -> str:
    said = [
        f"{rule} {result}" for rule, result in trace.get("rules", {}).items() if result != CLEAR
    ]
    if "row" in trace:
        said.append(f"row {trace['row']}")
        said += [f"{n} = {v}" for n, v in trace.get("outputs", {}).items()]
    if "characteristics" in trace:
        said.append(f"score {trace['score']}")
        said += [
            f"{one['id']} {one['bin']}: {one['points']:g} points (-{one['lost']:g})"
            for one in trace["characteristics"]
            if one["lost"]
        ]
    if "limit_fen" in trace:
        said.append(f"limit {_yuan(trace['limit_fen'])} (exactly {_yuan(trace['exact_fen'])})")
        said += [f"{of}: {text} binds" for of, text in trace["binding"].items() if text]
    return f" ({'; '.join(said)})" if said else ""


def _read(stage: Any, trace: Mapping[str, Any]) -> list[str]:
    """The names that what the stage said depends on."""
    match stage:
        case CompiledRules():
            rules = trace.get("rules", {})
            pairs = zip(stage.judged, stage.conditions.inputs, strict=True)
            return [n for rule, names in pairs if rules.get(rule.id) != CLEAR for n in names]
        case CompiledTable():
            pairs_ = zip(stage.rows, stage.conditions.inputs, strict=True)
            tested = trace.get("tested", {})
            at = trace.get("row")
            rows = [(row.id, names) for row, names in pairs_ if row.id in tested]
            first = [names for row, names in rows if at in (row, UNKNOWN, "otherwise")]
            return [n for names in first or [names for _, names in rows] for n in names]
        case CompiledFormula():
            return list(stage.inputs) if stage.applies else []
    return []


def _yuan(fen: int | None) -> str:
    return "null" if fen is None else f"{fen / 100:_.2f}".removesuffix(".00")


def _show(policy: Policy, name: str, value: Any) -> str:
    of: Type | None = policy.inputs[name].type if name in policy.inputs else None
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if (of is not None and of.kind == MONEY) or name == "limit":
        return _yuan(int(value))
    return f"{value:g}"
