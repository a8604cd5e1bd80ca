"""Explanations out of a real database: what an auditor can follow, what was tampered with, what
stops the product, and releases of before.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from app.decisions.ports import DecisionRequest
from app.decisions.service import BrokenRelease, Decider
from app.explanations.explain import Explainer
from app.explanations.integrity import TamperedRecord
from app.policies.beside import stop
from app.policies.documents import canonical_json, sha256_of
from app.settings import Settings
from app.storage.archive import open_archive
from app.storage.decisions import SqlDecisionStore
from app.storage.features import SnapshotMeta, SqlFeatureStore
from app.storage.models import Decision, Release
from app.storage.releases import SqlReleaseStore
from app.waybills.lake import ImportEntry, Lake, Manifest
from tests.samples import activate_release, publish_merchants, read_sample

PROVENANCE = {
    "cut_off_at": "2026-10-31T00:00:00",
    "content_sha256": "c" * 64,
    "imports": [
        {"id": "000001-aaaaaaaaaaaa", "source": "tms", "file": "may.csv", "sha256": "a" * 64},
        {"id": "000002-bbbbbbbbbbbb", "source": "tms", "file": "june.csv", "sha256": "b" * 64},
    ],
    "arrivals": {"000002-bbbbbbbbbbbb": "2026-07-01T08:00:00"},
}


class Desk:
    """A database with one release and one merchant, and what explains its decisions."""

    def __init__(self, database: Any, settings: Settings) -> None:
        self.database = database
        self.decider = Decider(SqlDecisionStore(database))
        self.explainer = Explainer(self.decider, open_archive(database, settings.lake))

    def decide(self, merchant: str = "M1", **more: Any) -> str:
        facts = dict(read_sample().facts)
        asked: dict[str, Any] = {
            "merchant_id": merchant,
            "policy": "wuliudai",
            "purpose": "drawdown",
            "as_of": None,
            "amount_fen": None,
        }
        facts |= more.pop("facts", {})
        return self.decider.decide(DecisionRequest(**{**asked, **more}, facts=facts)).id

    def change(self, decision_id: str, **fields: Any) -> None:
        """What somebody with access to the table could do to a record."""
        stored = self.decider.find(decision_id)
        record = orjson.loads(stored.record_json) | fields
        Decision.update(record_json=json.dumps(record)).where(Decision.id == decision_id).execute()


@pytest.fixture
def desk(database: Any, settings: Settings) -> Desk:
    activate_release(1)
    publish_merchants(database, "s1", date(2026, 10, 31), ["M1"])
    return Desk(database, settings)


def letter(desk: Desk, decision_id: str, **more: Any) -> dict[str, Any]:
    return desk.explainer.explain(decision_id, "merchant", "en", **more)


def test_an_auditor_follows_the_data_to_the_files(desk: Desk, settings: Settings) -> None:
    meta = SnapshotMeta(
        id="s2",
        as_of=date(2026, 11, 1),
        cut_off_at=datetime(2026, 10, 31),  # noqa: DTZ001 - local time
        built_at=datetime.now(UTC),
        merchant_count=1,
        catalogue_sha256="",
        content_sha256="c" * 64,
        provenance_json=json.dumps(PROVENANCE),
    )
    SqlFeatureStore(desk.database).publish(meta, iter([("M1", read_sample().values_json, "{}")]))
    number = desk.decide()
    lineage = desk.explainer.explain(number, "auditor")["lineage"]
    first, second = lineage["imports"]
    assert (first["arrived_at"], first["lake"]) == (None, "not in the lake any more")
    assert second["arrived_at"] == "2026-07-01T08:00:00+08:00" and second["file"] == "june.csv"
    keep(settings, "000001-aaaaaaaaaaaa", "a" * 64)
    (first, second) = desk.explainer.explain(number, "auditor")["lineage"]["imports"]
    assert (first["arrived_at"], first["lake"]) == ("2026-06-01T07:00:00+08:00", "there")
    assert first["waybill_files"] == ["waybills/month=24316/000001-aaaaaaaaaaaa.parquet"]
    keep(settings, "000001-aaaaaaaaaaaa", "f" * 64)
    (first, _) = desk.explainer.explain(number, "auditor")["lineage"]["imports"]
    assert first["lake"] == "the lake has another import under this id"


def keep(settings: Settings, import_id: str, sha256: str) -> None:
    entry = ImportEntry(
        id=import_id,
        source="tms",
        file="may.csv",
        sha256=sha256,
        arrived_at="2026-06-01T07:00:00",
        cleaning_sha256="",
        received=1,
        new=1,
        duplicate=0,
        conflict=0,
        quarantined={},
        codes={},
        statuses={},
        months={24316: 1},
        conflict_months=[],
        quarantine_file=None,
        conflicts_file=None,
        seconds=0.0,
    )
    settings.lake.mkdir(parents=True, exist_ok=True)
    files: dict[int, tuple[str, ...]] = {24316: (f"waybills/month=24316/{import_id}.parquet",)}
    Lake(settings.lake).commit(Manifest(version=1, months=files, imports=(entry,)))


def test_a_record_of_other_rules_is_not_explained(desk: Desk) -> None:
    number = desk.decide()
    desk.change(number, release_sha256="0" * 64)
    for explain in (
        lambda: letter(desk, number),
        lambda: desk.explainer.explain(number, "analyst"),
        lambda: desk.explainer.what_if(number, "merchant"),
    ):
        with pytest.raises(TamperedRecord, match=r"release 1 of 'wuliudai' with the hash 0000000"):
            explain()
    told = desk.explainer.explain(number, "auditor")
    assert told["release"]["verified"] is False and len(told["faults"]) == 1
    assert told["replay"]["same"] is False


def test_a_record_that_is_not_its_row_is_not_explained(desk: Desk) -> None:
    number = desk.decide(facts={"overdue_now": True})
    desk.change(number, outcome="approve")
    with pytest.raises(TamperedRecord, match="the record says outcome 'approve'"):
        letter(desk, number)
    Decision.update(record_json="[1").where(Decision.id == number).execute()
    with pytest.raises(TamperedRecord, match="restore it from a backup"):
        letter(desk, number)


def test_changed_inputs_show_in_the_auditors_replay(desk: Desk) -> None:
    number = desk.decide()
    record = orjson.loads(desk.decider.find(number).record_json)
    desk.change(number, inputs=record["inputs"] | {"cod_months": 3.0})
    told = desk.explainer.explain(number, "auditor")
    assert told["replay"]["same"] is False and "outcome" in told["replay"]["differences"]


def test_a_changed_bundle_is_refused_in_words(desk: Desk) -> None:
    number = desk.decide()
    text = Release.get(Release.number == 1).bundle_json
    changed = text.replace("cod_months < 12", "cod_months < 10")
    assert changed != text
    Release.update(bundle_json=changed).execute()
    for reader in ("merchant", "analyst", "auditor"):
        with pytest.raises(BrokenRelease, match="changed after it was published"):
            desk.explainer.explain(number, reader)


def test_what_is_stopped_is_not_the_merchants_doing(desk: Desk) -> None:
    stop(SqlReleaseStore(desk.database), "wuliudai", "operator", "test", datetime.now(UTC))
    number = desk.decide()
    told = letter(desk, number, with_what_if=True)
    assert told["outcome"] == "refer"
    assert told["reasons"][0]["text"].startswith("This product is not decided automatically")
    assert told["what_if"]["sentences"] == [
        "Nothing that you can change by yourself would have led to another result."
    ]
    assert told["what_if"]["blocked_by"] == [told["reasons"][0]["text"]]
    assert "A person will look at it" in told["human_review"]
    analyst = desk.explainer.explain(number, "analyst", "en")
    assert analyst["stopped"] is True and analyst["reasons"][0]["code"] == "PRODUCT_STOPPED"
    auditor = desk.explainer.explain(number, "auditor")
    assert auditor["stopped"] is True and auditor["replay"]["same"] is True
    snapshot = auditor["lineage"]["snapshot"]
    assert auditor["trace_with"] == (
        f"chengxin features explain {auditor['merchant_id']} FEATURE"
        f" --as-of {snapshot['as_of']} --snapshot {snapshot['id']}"
    )


def test_a_new_merchant_reads_that_nothing_was_found(desk: Desk) -> None:
    number = desk.decide("NEW")
    told = letter(desk, number, with_what_if=True)
    assert told["outcome"] == "refer"
    assert told["data"].startswith("No trade records of yours were found")
    assert told["what_if"]["blocked_by"] == ["We have found no waybill records of yours yet"]
    assert desk.explainer.explain(number, "auditor")["lineage"] is None
    desk.explainer.explain(number, "analyst")


def test_preapproval_and_review_speak_of_themselves(desk: Desk) -> None:
    number = desk.decide(purpose="preapproval", facts={}, amount_fen=10**9)
    told = letter(desk, number)
    assert told["headline"].startswith("You have passed the pre-approval")
    assert "the most that you can use for now is" in told["offer"]["text"]
    review = letter(desk, desk.decide(purpose="review"))
    assert review["headline"] == "Your credit line has passed its regular review."


def test_a_release_of_before_says_what_it_has(desk: Desk) -> None:
    bundle = json.loads(read_sample().bundle_json)
    del bundle["reasons"]["notices"]
    for one in bundle["catalogue"]["inputs"].values():
        for key in ("merchant_can", "plain", "never_above", "moves_with"):
            one.pop(key, None)
    text = canonical_json(bundle)
    Release.update(bundle_json=text, sha256=sha256_of(text)).execute()
    number = desk.decide(facts={"overdue_now": True})
    activate_release(2)
    told = letter(desk, number, with_what_if=True)
    assert told["outcome"] == told["headline"] == "decline"
    assert told["reasons"][0]["text"] == "A loan of yours is overdue"
    assert "objection" not in told and "2026-10-30" in told["data"]
    assert told["what_if"]["sentences"] and told["what_if"]["no_promise"] is None
    assert desk.explainer.explain(number, "auditor")["release"]["verified"] is True
