"""`DecisionStore` over the database: what deciding reads (releases, snapshots, features), and where
decisions are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from peewee import Database

from app.decisions.ports import (
    ActiveRelease,
    Beside,
    Claim,
    FeatureRow,
    HeldSnapshot,
    RecordedDecision,
    RecordedShadow,
    SnapshotRow,
)
from app.errors import ChengxinError
from app.policies.beside import WHOLE_SHARE
from app.policies.release_checks import note_refusal
from app.policies.release_records import ReleaseTampered, describe_tampering
from app.storage.checks import HELD_NOW, read_held
from app.storage.models import format_utc, read_utc
from app.storage.releases import SqlReleaseStore, find_release
from app.storage.statements import prepare, run

ACTIVE = """select product, number, sha256 from releases
where status = 'active' and active_from <= ?
order by active_from, number"""
BESIDE = """select s.product, s.stopped_at, s.shadow, c.number, s.share, s.experiment
from product_settings s left join releases c
on c.product = s.product and c.number = s.challenger and c.approved_by is not null
where s.stopped_at is not null or s.shadow is not null or s.challenger is not null"""
INSERT_SHADOW = """insert into shadow_decisions
(decision_id, release_number, decided_at, policy, outcome, record_json) values (?,?,?,?,?,?)
on conflict do nothing"""
LATEST = """select id, as_of from snapshots where has_rows
order by as_of desc, published_at desc, id desc limit 1"""
LATEST_OF_DAY = """select id, as_of from snapshots where has_rows and as_of = ?
order by published_at desc, id desc limit 1"""
FEATURES = (
    "select values_json, missing_json from feature_rows where snapshot_id = ? and merchant_id = ?"
)
COLUMNS = """id, decided_at, merchant_id, policy, release_number, purpose, outcome, record_json,
api_key_id, idempotency_key, body_sha256"""
INSERT = f"insert into decisions ({COLUMNS}) values (?,?,?,?,?,?,?,?,?,?,?) on conflict do nothing"
BY_ID = f"select {COLUMNS} from decisions where id = ?"
BY_CLAIM = f"select {COLUMNS} from decisions where api_key_id = ? and idempotency_key = ?"

STATEMENTS = (
    ACTIVE,
    BESIDE,
    LATEST,
    LATEST_OF_DAY,
    HELD_NOW,
    FEATURES,
    INSERT,
    INSERT_SHADOW,
    BY_ID,
    BY_CLAIM,
)


class ReleaseMissing(ChengxinError):
    """No release has this product and number."""


class SqlDecisionStore:
    """Implements `DecisionStore`.

    One prepared statement a call; `record` is one statement that commits by itself.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = {text: prepare(database, text) for text in STATEMENTS}

    def active_releases(self, at: datetime) -> dict[str, tuple[int, str]]:
        """Product → (number, sha256): of those active, the one whose `active_from` is the newest
        that has come.
        """
        rows = self._run(ACTIVE, format_utc(at)).fetchall()
        return {product: (number, sha256) for product, number, sha256 in rows}

    def load_release(self, product: str, number: int) -> ActiveRelease:
        """The release with its bundle. Raises ReleaseMissing."""
        release = find_release(product, number)
        if release is None:
            raise ReleaseMissing(f"there is no release {number} of the policy {product!r}")
        return ActiveRelease(
            product, number, release.sha256, release.bundle_json, describe_tampering(release)
        )

    def beside(self) -> dict[str, Beside]:
        """Product → what holds beside its active release, where anything does. A challenger whose
        approval is void is none.
        """
        return {
            product: Beside(
                is_stopped=stopped_at is not None,
                shadow=shadow,
                challenger=challenger,
                share=share / WHOLE_SHARE,
                experiment=experiment or "",
            )
            for product, stopped_at, shadow, challenger, share, experiment in self._run(
                BESIDE
            ).fetchall()
        }

    def note_tampering(self, product: str, number: int, why: str) -> None:
        """An event of the audit trail."""
        store = SqlReleaseStore(self._database)
        at = datetime.now(UTC)
        note_refusal(store, product, number, "load", "service", at, ReleaseTampered(why))

    def record_shadows(self, shadows: Sequence[RecordedShadow]) -> None:
        """Insert all in one transaction."""
        database: Any = self._database
        with database.atomic():
            for one in shadows:
                self._run(
                    INSERT_SHADOW,
                    one.decision_id,
                    one.release,
                    format_utc(one.decided_at),
                    one.policy,
                    one.outcome,
                    one.record_json.decode(),
                )

    def latest_snapshot(self) -> SnapshotRow | None:
        """The newest published snapshot whose rows are in the database, and what is held since."""
        found = _read_snapshot(self._run(LATEST).fetchone())
        return None if found is None else replace(found, newer_held=self.held_snapshot())

    def held_snapshot(self) -> HeldSnapshot | None:
        """The newest snapshot that is held, newer than the one that is served."""
        return read_held(self._run(HELD_NOW).fetchall())

    def snapshot_of(self, as_of: date) -> SnapshotRow | None:
        """The newest published snapshot of that day whose rows are in the database."""
        return _read_snapshot(self._run(LATEST_OF_DAY, as_of.isoformat()).fetchone())

    def features_of(self, snapshot: SnapshotRow, merchant_id: str) -> FeatureRow | None:
        """The merchant's features in that snapshot; None where it has no such merchant."""
        row = self._run(FEATURES, snapshot.id, merchant_id).fetchone()
        return None if row is None else FeatureRow(snapshot, merchant_id, row[0], row[1])

    def record(self, decision: RecordedDecision) -> RecordedDecision:
        """Insert and commit; where the claim stands already, give the decision that was stored with
        it.
        """
        claim = decision.claim
        cursor = self._run(
            INSERT,
            decision.id,
            format_utc(decision.decided_at),
            decision.merchant_id,
            decision.policy,
            decision.release,
            decision.purpose,
            decision.outcome,
            decision.record_json.decode(),
            claim.api_key_id if claim else None,
            claim.idempotency_key if claim else None,
            claim.body_sha256 if claim else None,
        )
        if cursor.rowcount == 1:
            return decision
        stored = self.find_claimed(claim) if claim else None
        stored = stored or self.find_decision(decision.id)
        if stored is None:
            raise ChengxinError(f"the decision {decision.id} was neither stored nor found")
        return stored

    def find_decision(self, decision_id: str) -> RecordedDecision | None:
        """A recorded decision by its id."""
        return _read_decision(self._run(BY_ID, decision_id).fetchone())

    def find_claimed(self, claim: Claim) -> RecordedDecision | None:
        """The decision that was stored for this key and Idempotency-Key, whatever body came with
        it.
        """
        return _read_decision(
            self._run(BY_CLAIM, claim.api_key_id, claim.idempotency_key).fetchone()
        )

    def _run(self, text: str, *parameters: Any) -> Any:
        return run(self._database, self._sql[text], parameters)


def _read_snapshot(row: Any) -> SnapshotRow | None:
    if row is None:
        return None
    return SnapshotRow(row[0], row[1] if isinstance(row[1], date) else date.fromisoformat(row[1]))


def _read_decision(row: Any) -> RecordedDecision | None:
    if row is None:
        return None
    claim = Claim(row[8], row[9], row[10]) if row[9] is not None else None
    return RecordedDecision(
        id=row[0],
        decided_at=read_utc(row[1]),
        merchant_id=row[2],
        policy=row[3],
        release=row[4],
        purpose=row[5],
        outcome=row[6],
        record_json=row[7].encode(),
        claim=claim,
    )
