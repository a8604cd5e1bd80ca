"""A decision's id and a reader come in; the explanation goes out, from the stored record and its
release alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.decisions.decide import LivePolicy
from app.decisions.ports import RecordedDecision
from app.decisions.service import Decider, load_live
from app.explanations.analyst import explain_analyst
from app.explanations.auditor import explain_auditor
from app.explanations.integrity import list_faults, read_record, refuse_faults
from app.explanations.lineage import KeptImport
from app.explanations.merchant import explain_merchant
from app.explanations.phrases import in_language
from app.explanations.telling import tell_what_if
from app.explanations.what_if import what_if
from app.policies.release_records import Release

READERS = ("merchant", "analyst", "auditor")
LANGUAGES = ("zh", "en", "both")


@dataclass(frozen=True, slots=True)
class Archive:
    """What an auditor's explanation reads beside the record: a release as it is kept (product,
    number), the provenance of a snapshot (id) and the imports of the lake by id; all may be
    unknown.
    """

    release: Callable[[str, int], Release | None]
    provenance: Callable[[str], Mapping[str, Any] | None]
    imports: Callable[[], Mapping[str, KeptImport]]


class Explainer:
    """Explains recorded decisions."""

    def __init__(self, decider: Decider, archive: Archive) -> None:
        self._decider, self._archive = decider, archive

    def explain(
        self,
        decision_id: str,
        reader: str,
        language: str = "both",
        with_what_if: bool = False,
        goal: str | None = None,
    ) -> dict[str, Any]:
        """Raises NoSuchDecision, BrokenRelease, TamperedRecord, BadGoal."""
        stored, record, live = self._open(decision_id)
        faults = list_faults(live, stored, record)
        if reader != "auditor" or with_what_if:
            refuse_faults(decision_id, faults)
        told: dict[str, Any] = {"decision_id": decision_id, "for": reader, "language": language}
        if reader == "merchant":
            told |= explain_merchant(live, record)
        elif reader == "analyst":
            told |= explain_analyst(live, record)
        else:
            told |= self._for_auditor(stored, record, live, faults)
        if with_what_if:
            told["what_if"] = self._what_if(live, record, reader, goal)
        found: dict[str, Any] = in_language(told, language)
        return found

    def what_if(
        self, decision_id: str, reader: str, language: str = "both", goal: str | None = None
    ) -> dict[str, Any]:
        """What-if alone."""
        stored, record, live = self._open(decision_id)
        refuse_faults(decision_id, list_faults(live, stored, record))
        answer = self._what_if(live, record, reader, goal)
        told = {"decision_id": decision_id, "for": reader, "language": language, **answer}
        found: dict[str, Any] = in_language(told, language)
        return found

    def _open(self, decision_id: str) -> tuple[RecordedDecision, dict[str, Any], LivePolicy]:
        stored = self._decider.find(decision_id)
        record = read_record(stored)
        live = load_live(self._decider.release_of(stored.policy, stored.release))
        return stored, record, live

    def _what_if(
        self, live: LivePolicy, record: Mapping[str, Any], reader: str, goal: str | None
    ) -> dict[str, Any]:
        answer = what_if(live, record, goal)
        words = tell_what_if(live, record, answer)
        return words if reader == "merchant" else {**answer, "in_words": words}

    def _for_auditor(
        self,
        stored: RecordedDecision,
        record: Mapping[str, Any],
        live: LivePolicy,
        faults: list[str],
    ) -> dict[str, Any]:
        snapshot = record["snapshot"]
        return explain_auditor(
            live,
            stored,
            record,
            self._archive.release(stored.policy, stored.release),
            self._archive.provenance(snapshot["id"]) if snapshot else None,
            self._archive.imports(),
            self._decider.replay(stored.id),
            faults,
        )
