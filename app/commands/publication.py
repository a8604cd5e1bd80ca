"""Publishing a snapshot: its data are checked first. Where they break an expectation of severity
`fail` the last good snapshot goes on deciding, until they are mended or somebody answers for it.
The first snapshot of all is published whatever its data are: there is none before it to keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.errors import ChengxinError
from app.settings import Settings
from app.storage.checks import DESPITE, FIRST, HELD, PASSED, Check, SqlCheckStore
from app.storage.connection import connect
from app.storage.features import SqlFeatureStore

if TYPE_CHECKING:
    from app.features.snapshots import Snapshot
    from app.quality.check import Desk, Published, Tell

MOST_SHOWN = 8  # findings on the terminal; the report has all


class SnapshotHeld(ChengxinError):
    """Every snapshot of the day is held for the quality of its data."""


class BadDespite(ChengxinError):
    """--despite and --by belong together, and both have to say something."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a snapshot: `published` is False when it stood there already or is held."""

    published: bool
    verdict: str  # passed | held | despite | first
    report: dict[str, Any]
    path: str  # of the report, within the lake
    served: str | None  # the snapshot that decides now

    @property
    def is_held(self) -> bool:
        return self.verdict == HELD

    def as_json(self) -> dict[str, Any]:
        """What a command prints under `quality`."""
        return {
            "verdict": self.verdict,
            "checked": self.report["verdict"],
            "findings": self.report["findings"],
            "accepted": self.report["accepted"],
            "report": self.path,
            "serving": self.served,
        }


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks snapshots and lets through what is good. Made before a build, so that a mistake in
    expectations.yaml is told first.
    """

    settings: Settings
    desk: Desk
    despite: str | None
    by: str | None

    def check(self, snapshot: Snapshot) -> tuple[dict[str, Any], str]:
        """The report of a snapshot that is not to be published, and where it lies."""
        return self._check(snapshot, None, {})

    def publish(self, snapshot: Snapshot) -> Publication:
        """Check the snapshot and publish it, or hold it."""
        database = connect(self.settings)
        try:
            checks, store = SqlCheckStore(database), SqlFeatureStore(database)
            report, path = self._check(snapshot, read_published(checks), checks.accepted())
            is_known = store.describe(snapshot.id) is not None
            fails = report["verdict"] == "fail"
            verdict = PASSED
            if fails and not is_known:
                # Without one that could go on deciding, holding would keep nothing from harm.
                nothing_served = store.latest() is None
                verdict = DESPITE if self.despite else FIRST if nothing_served else HELD
            if not is_known:
                checks.add(self._tell(snapshot, verdict, report, path))
            published = verdict != HELD and store.publish(snapshot.meta, snapshot.texts())
            latest = store.latest()
            return Publication(published, verdict, report, path, latest.id if latest else None)
        finally:
            database.close()

    def _check(
        self, snapshot: Snapshot, published: Published | None, accepted: dict[str, float]
    ) -> tuple[dict[str, Any], str]:
        from app.quality.check import check_day

        told = snapshot.provenance
        report = check_day(
            self.desk,
            snapshot.meta.as_of,
            snapshot.id,
            [one["id"] for one in told["imports"]],
            published,
            accepted,
        )
        path = self.desk.store.write_build_report(report)
        return report, str(path.relative_to(self.settings.lake))

    def _tell(self, snapshot: Snapshot, verdict: str, report: dict[str, Any], path: str) -> Check:
        broken = [one for one in report["findings"] if one["severity"] == "fail"]
        is_despite = verdict == DESPITE
        return Check(
            snapshot_id=snapshot.id,
            as_of=snapshot.meta.as_of,
            checked_at=datetime.now(UTC),
            verdict=verdict,
            expectations=tuple(dict.fromkeys(one["expectation"] for one in broken)),
            breaks=tuple(one for one in report["breaks"] if one["severity"] == "fail"),
            report=path,
            actor=self.by if is_despite else None,
            why=self.despite if is_despite else None,
        )


def open_gate(
    settings: Settings, despite: str | None, by: str | None, tell: Tell | None = None
) -> Gate:
    """Raises BadDespite, ProblemsFound (expectations.yaml, calendar.yaml)."""
    from app.quality.check import open_desk

    if (despite is None) != (by is None):
        raise BadDespite(
            "--despite WHY and --by NAME belong together: say why, and who answers for it"
        )
    if despite is not None and by is not None and not (despite.strip() and by.strip()):
        raise BadDespite("--despite and --by must not be empty: say why, and who answers for it")
    desk = open_desk(
        settings.lake,
        settings.rulesets,
        settings.memory_limit_mb,
        tell or (lambda step, done, total: None),
    )
    return Gate(settings, desk, despite, by)


def find_good_snapshot(lake: Path, database: Any, as_of: date) -> Snapshot:
    """The newest snapshot of a day that is not held. Raises NoSnapshot, SnapshotHeld."""
    from app.features.snapshots import find_snapshot, list_snapshots

    newest = find_snapshot(lake, as_of)
    checks = SqlCheckStore(database)
    for snapshot in reversed(list_snapshots(lake, as_of)):
        said = checks.newest(snapshot.id)
        if said is None or said.verdict != HELD:
            return snapshot
    said = checks.newest(newest.id)
    assert said is not None
    raise SnapshotHeld(
        f"snapshot {newest.id} is held: its data break {', '.join(said.expectations)};"
        f" see chengxin data check --as-of {as_of}, then mend the data and build again,"
        f" or publish it: chengxin features build --as-of {as_of} --despite WHY --by NAME"
    )


def read_published(checks: SqlCheckStore) -> Published | None:
    """What the last published snapshot knew."""
    from app.quality.check import Published

    told = checks.last_published()
    if told is None or "imports" not in told:
        return None
    return Published(
        frozenset(one["id"] for one in told["imports"]), datetime.fromisoformat(told["built_at"])
    )


def tell_publication(done: Publication, as_of: str) -> None:
    """Say for reading what became of the snapshot."""
    tell_findings(done.report)
    if done.is_held:
        served = f"snapshot {done.served} goes on deciding" if done.served else "none is served"
        click.echo(
            f"HELD: not published, because its data break expectations; {served}.\n"
            f"  the report: chengxin data report --as-of {as_of} --out report.html\n"
            "  mend the data and build again, or publish it all the same:\n"
            f"  chengxin features build --as-of {as_of} --despite WHY --by NAME"
        )
        return
    if done.verdict == FIRST:
        click.echo(
            "published although its data break expectations, as there is no snapshot before it\n"
            "that could go on deciding; look at what was found before you rely on it"
        )
    elif done.verdict == DESPITE:
        click.echo("published despite what broke; it is recorded who answers for it")
    else:
        click.echo("published for look-up" if done.published else "was published already")


def tell_findings(report: dict[str, Any]) -> None:
    """The findings of a report, gravest first."""
    for one in report["findings"][:MOST_SHOWN]:
        click.echo(f"{one['severity']}: {one['expectation']}: {one['said']['en']}")
        click.echo(f"  {one['reason']['en']}")
        click.echo(f"  look at: {one['look_at']['en']}")
        if one["imports"]:
            names = ", ".join(one["imports"][:3])
            more = f" and {len(one['imports']) - 3} more" if len(one["imports"]) > 3 else ""
            click.echo(f"  imports: {names}{more}")
    if len(report["findings"]) > MOST_SHOWN:
        click.echo(f"… and {len(report['findings']) - MOST_SHOWN} more (see the report)")
    if report["accepted"]:
        click.echo(f"{len(report['accepted'])} more are known, and somebody answers for them")
