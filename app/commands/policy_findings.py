"""Findings of proofs come in; what `chengxin policy prove` prints goes out, as data and as text.
Merchants are shown as cases give them: money in yuan, null for missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.rules.types import MONEY

if TYPE_CHECKING:
    from app.proofs.evaluators import Judged
    from app.proofs.prove import Finding


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON data; `counterexample` has one merchant, or the two of a direction."""
    shown: dict[str, Any] = {
        "statement": finding.statement.written,
        "purpose": finding.purpose,
        "verdict": finding.verdict,
        "seconds": round(finding.seconds, 3),
    }
    if finding.why_open:
        shown["why"] = finding.why_open
    if finding.judged:
        shown["away"] = list(finding.away)
        shown["counterexample"] = [_judged_json(finding, one) for one in finding.judged]
    return shown


def _judged_json(finding: Finding, judged: Judged) -> dict[str, Any]:
    given = {name: in_yuan(finding, name, value) for name, value in judged.merchant.items()}
    found = judged.judgement
    return {
        "given": given,
        "outcome": found.outcome,
        "score": found.score,
        "tier": found.tier,
        "limit_fen": found.limit_fen,
        "daily_rate": found.daily_rate,
        "reasons": list(found.reasons),
        "evaluators_agree": judged.agreed,
        "stages": found.stages,
    }


def in_yuan(finding: Finding, name: str, value: Any) -> Any:
    """An inside value as a case gives it."""
    of = finding.types.get(name)
    if value is None or of is None:
        return value
    if of.kind == MONEY:
        return value // 100 if value % 100 == 0 else value / 100
    return int(value) if of.declared == "integer" else value


def render_findings(product: str, findings: Sequence[Finding]) -> str:
    """All findings of a product: first a line each, then the counterexamples."""
    if not findings:
        return f"{product}: nothing is stated; write what must hold under `always:` in policy.yaml"
    proven = sum(one.verdict == "proven" for one in findings)
    seconds = sum(one.seconds for one in findings)
    said = "all proven" if proven == len(findings) else f"{proven} of {len(findings)} proven"
    lines = [f"{product}: {said} in {seconds:.1f} s"]
    for (verdict, written), some in _grouped(findings).items():
        purposes = ", ".join(one.purpose for one in some)
        lines.append(f"  {verdict:<8} {written}  ({purposes})")
    for one in findings:
        if one.verdict != "proven":
            lines += ["", *_explain(one)]
    return "\n".join(lines)


def _grouped(findings: Sequence[Finding]) -> dict[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for one in sorted(findings, key=lambda one: one.statement_number):
        groups.setdefault((one.verdict, one.statement.written), []).append(one)
    return groups


def _explain(finding: Finding) -> Iterator[str]:
    yield f"  {finding.verdict}: {finding.statement.written}, for {finding.purpose}"
    if not finding.judged:
        yield f"    {finding.why_open}"
        return
    shared, own = _split(finding)
    if finding.is_from_plain:
        yield f"    the merchant of the cases, with given: {{{_list(shared)}}}"
    else:
        yield f"    the merchant given: {{{_list(shared)}}}"
    for judged, values in zip(finding.judged, own, strict=True):
        found = judged.judgement
        yield f"    {f'with {_list(values)}: ' if values else ''}{_decision(judged)}"
        if not judged.agreed:
            yield "      the evaluators do not agree on this merchant"
        for stage in found.stages:
            yield f"      {_stage(stage)}"


def _split(finding: Finding) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the merchants have in common away from the plain one, and what each has of its own."""
    first = finding.judged[0].merchant
    shown = {name: in_yuan(finding, name, first[name]) for name in finding.shown}
    own: list[dict[str, Any]] = [{} for _ in finding.judged]
    if len(finding.judged) > 1:
        differ = [n for n in first if first[n] != finding.judged[1].merchant[n]]
        for name in differ:
            shown.pop(name, None)
            for values, judged in zip(own, finding.judged, strict=True):
                values[name] = in_yuan(finding, name, judged.merchant[name])
    return shown, own


def _list(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {_show(value)}" for name, value in values.items())


def _show(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:_}"
    return repr(value) if isinstance(value, float) else f'"{value}"'


def _decision(judged: Judged) -> str:
    found = judged.judgement
    words = [found.outcome]
    if found.tier is not None:
        words.append(f"tier {found.tier}")
    if found.score is not None:
        words.append(f"score {found.score:g}")
    if found.limit_fen is not None:
        words.append(f"limit {_show(_yuan(found.limit_fen))}")
    if found.daily_rate is not None:
        words.append(f"daily rate {found.daily_rate:g}")
    return ", ".join(words) + (f"; {', '.join(found.reasons)}" if found.reasons else "")


def _yuan(fen: int) -> int | float:
    return fen // 100 if fen % 100 == 0 else fen / 100


def _stage(trace: Mapping[str, Any]) -> str:
    """One stage of the trace in a line."""
    words = [f"{trace['stage']:<12} {trace['outcome']}"]
    words += [f"{rule} {result}" for rule, result in _hits(trace)]
    if "row" in trace:
        words.append(f"row {trace['row']}")
    if trace.get("score") is not None:
        words.append(f"score {trace['score']:g}")
    if trace.get("limit_fen") is not None:
        binding = trace.get("binding", {}).get("limit")
        words.append(f"limit {_show(_yuan(trace['limit_fen']))}")
        words += [f"bound by {binding}"] if binding else []
    if trace.get("unknown"):
        words.append(f"missing {', '.join(trace['unknown'])}")
    return ", ".join(words)


def _hits(trace: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [item for item in trace.get("rules", {}).items() if item[1] != "clear"]
