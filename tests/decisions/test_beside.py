"""A challenger, a shadow and the kill switch in deciding: the answer is what the drawn release
says, a shadow never touches it, and what is stopped refers and replays the same.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decisions.drawing import draw_part, place_of
from app.decisions.ports import Beside, RecordedShadow
from app.decisions.service import BrokenRelease, Decider
from app.policies.documents import canonical_json, documents_of, sha256_of
from app.policies.policy import check_policy
from tests.decisions.test_decider import request
from tests.decisions.test_living_decider import GrowingStore
from tests.samples import read_sample


class Beside2(GrowingStore):
    """Release 1 is active, release 2 (nobody has enough months) is there too."""

    def __init__(self) -> None:
        super().__init__()
        self.activate_stricter()
        self.active = {"wuliudai": (1, self.releases[1].sha256)}


@pytest.fixture
def store() -> Beside2:
    return Beside2()


def make(store: Beside2, counts: list[tuple[str, str]] | None = None) -> Decider:
    told = [] if counts is None else counts
    at = datetime(2026, 3, 1, 4, tzinfo=UTC)
    return Decider(store, lambda: at, lambda *one: told.append(one))


def ask(decider: Decider, merchant: str = "M1", **facts: Any) -> dict[str, Any]:
    record: dict[str, Any] = orjson.loads(decider.decide(request(merchant, **facts)).record_json)
    return record


def same_but_for_time(record: dict[str, Any]) -> dict[str, Any]:
    own = ("id", "decided_at", "timings_us")
    return {key: value for key, value in record.items() if key not in own}


def test_alone_a_release_is_the_champion(store: Beside2) -> None:
    record = ask(make(store))
    assert (record["role"], record["experiment"], record["stopped"]) == ("champion", None, False)


def test_a_challenger_decides_for_its_share_and_replays(store: Beside2) -> None:
    store.settings = {"wuliudai": Beside(challenger=2, share=0.3, experiment="e")}
    decider = make(store)
    records = [ask(decider, f"M{n}") for n in range(200)]
    for record in records:
        drawn = place_of("wuliudai", record["merchant_id"], "e") < 0.3
        assert record["role"] == ("challenger" if drawn else "champion")
        assert record["release"] == (2 if drawn else 1)
        assert record["release_sha256"] == store.releases[record["release"]].sha256
        assert record["outcome"] == ("decline" if drawn else "approve")
        assert record["experiment"] == "e"
    assert 30 < sum(record["role"] == "challenger" for record in records) < 90
    store.settings = {}
    later = make(store)
    assert all(later.replay(record["id"]).same for record in records[:20])


@settings(max_examples=60)
@given(
    st.text(max_size=20),
    st.text(max_size=10),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
)
def test_a_smaller_share_lies_within_a_larger_one(
    merchant: str, experiment: str, one: int, other: int
) -> None:
    small, large = sorted((one / 10_000, other / 10_000))

    def role(share: float) -> str:
        beside = Beside(challenger=2, share=share, experiment=experiment)
        return draw_part("p", merchant, 1, beside).role

    assert 0.0 <= place_of("p", merchant, experiment) < 1.0
    if role(small) == "challenger":
        assert role(large) == "challenger"
    assert role(1.0) == "challenger"


def test_experiments_draw_anew() -> None:
    merchants = [f"M{n}" for n in range(1_000)]
    drawn = [{m for m in merchants if place_of("p", m, e) < 0.5} for e in ("a", "b")]
    assert all(400 < len(one) < 600 for one in drawn)
    assert 180 < len(drawn[0] & drawn[1]) < 320


def test_a_challenger_that_became_active_challenges_nobody() -> None:
    assert (
        draw_part("p", "M", 2, Beside(challenger=2, share=1.0, experiment="e")).role == "champion"
    )


def test_a_stopped_product_refers_with_its_trace(store: Beside2) -> None:
    before = ask(make(store))
    assert before["outcome"] == "approve"
    store.settings = {"wuliudai": Beside(is_stopped=True)}
    decider = make(store)
    record = ask(decider)
    assert (record["outcome"], record["reasons"], record["stopped"]) == (
        "refer", ["PRODUCT_STOPPED"], True,
    )  # fmt: skip
    assert (record["limit_fen"], record["daily_rate"], record["yearly_rate"]) == (None, None, None)
    assert record["stages"] == before["stages"]
    assert record["explanations"][0]["code"] == "PRODUCT_STOPPED"
    store.values_json = json.dumps(json.loads(store.values_json) | {"cod_months": 1})
    declined = ask(decider)
    assert declined["outcome"] == "refer"
    assert declined["reasons"][:2] == ["PRODUCT_STOPPED", "SHORT_HISTORY"]
    store.settings = {}
    later = make(store)
    assert later.replay(record["id"]).same
    assert later.replay(declined["id"]).same


def test_a_bundle_of_before_knows_the_reason_too(store: Beside2) -> None:
    bundle = json.loads(read_sample().bundle_json)
    del bundle["reasons"]["reasons"]["PRODUCT_STOPPED"]
    text = canonical_json(bundle)
    assert check_policy(documents_of(bundle)).reasons["PRODUCT_STOPPED"].merchant["zh"]
    release = store.releases[1]
    store.releases[1] = type(release)("wuliudai", 1, sha256_of(text), text)
    store.settings = {"wuliudai": Beside(is_stopped=True)}
    assert ask(make(store))["reasons"] == ["PRODUCT_STOPPED"]


def test_a_shadow_judges_the_same_inputs_and_changes_nothing(store: Beside2) -> None:
    plain = ask(make(store))
    store.settings = {"wuliudai": Beside(shadow=2)}
    counts: list[tuple[str, str]] = []
    decider = make(store, counts)
    answered = ask(decider)
    decider.finish()
    assert same_but_for_time(answered) == same_but_for_time(plain)
    (kept,) = store.shadows
    shadow = orjson.loads(kept.record_json)
    assert (kept.decision_id, kept.release, kept.outcome) == (answered["id"], 2, "decline")
    assert (shadow["role"], shadow["id"]) == ("shadow", answered["id"])
    assert shadow["inputs"] == answered["inputs"]
    assert shadow["decided_at"] == answered["decided_at"]
    assert counts == [("wuliudai", "recorded")]
    assert len(store.decisions) == 2


def test_a_shadow_that_fails_fails_alone(store: Beside2) -> None:
    del store.releases[2]
    store.settings = {"wuliudai": Beside(shadow=2)}
    counts: list[tuple[str, str]] = []
    decider = make(store, counts)
    assert ask(decider)["outcome"] == "approve"
    decider.finish()
    assert [(one.outcome, b"KeyError" in one.record_json) for one in store.shadows] == [
        ("error", True)
    ]
    assert counts == [("wuliudai", "failed")]


def test_a_store_that_is_away_loses_only_the_shadow(
    store: Beside2, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(shadows: list[RecordedShadow]) -> None:
        raise RuntimeError("away")

    monkeypatch.setattr(store, "record_shadows", fail)
    store.settings = {"wuliudai": Beside(shadow=2)}
    counts: list[tuple[str, str]] = []
    decider = make(store, counts)
    for _ in range(3):
        assert ask(decider)["outcome"] == "approve"
    decider.finish()
    assert counts == [("wuliudai", "lost")] * 3
    assert len(store.decisions) == 3


def test_a_tampered_release_is_not_used(store: Beside2) -> None:
    release = store.releases[1]
    store.releases[1] = type(release)(
        "wuliudai", 1, release.sha256, release.bundle_json, "its evidence is not what was approved"
    )
    with pytest.raises(BrokenRelease, match="is not used: its evidence is not what was approved"):
        ask(make(store))
    assert [(product, number) for product, number, _ in store.noted] == [("wuliudai", 1)]
