"""Simulation: the release, the active one and the newest snapshot come in; what the one changes
against the other goes out, without names of merchants.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from app.evidence.subject import NotRun, Subject
from app.policies.evidence import FINE, NOT_NEEDED

SIDES = ("swapped_in", "swapped_out")
KEPT = ("count", "limit_fen", "by_part", "by_first_reason")


def simulate_against_active(subject: Subject) -> dict[str, Any]:
    """Both over the newest snapshot, for the purpose preapproval."""
    active = subject.active
    if active is None:
        said = "no release is active: there is nothing to hold it against"
        return {"status": NOT_NEEDED, "said": said}
    if active.sha256 == subject.sha256:
        return {"status": NOT_NEEDED, "said": "it is the active release itself"}
    if subject.snapshot is None:
        raise NotRun("there is no feature snapshot; chengxin features build makes one")
    from app.comparisons.diff import diff_policies
    from app.comparisons.judging import prepare_versions
    from app.comparisons.simulate import simulate_snapshot

    features = subject.snapshot.read()
    versions = prepare_versions(active.policy, subject.policy)
    report = simulate_snapshot(
        versions,
        date.fromisoformat(subject.snapshot.as_of),
        subject.snapshot.id,
        features,
        None,
        lambda done: subject.advance("simulation", done, features.num_rows),
    )
    gone, come = report["swapped_out"]["count"], report["swapped_in"]["count"]
    change = report["limits"]["after"]["total_fen"] - report["limits"]["before"]["total_fen"]
    said = (
        f"against release {active.number} on {report['as_of']}: {report['merchants']:,} merchants,"
        f" {come:,} swapped in, {gone:,} out, exposure {change / 100:+,.0f} yuan"
    )
    return {
        "status": FINE,
        "said": said,
        "against": {"release": active.number, "sha256": active.sha256},
        "as_of": report["as_of"],
        "snapshot": report["snapshot"],
        "changes": [str(one) for one in diff_policies(active.policy, subject.policy)],
        "merchants": report["merchants"],
        "migration": report["migration"],
        "limits": report["limits"],
        "price": report["price"],
        "tiers": report["tiers"],
        **{side: {key: report[side][key] for key in KEPT} for side in SIDES},
    }
