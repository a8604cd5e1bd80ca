"""Releases come in; what `chengxin policy show` and `list` print goes out, as data and as text."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.policies.evidence import FAILED, FINE, NOT_NEEDED, NOT_RUN, OPEN, PARTS
from app.policies.release_records import (
    Release,
    ReleaseEvent,
    ReleaseRefused,
    ReleaseStore,
    active_release,
    describe_standing,
    describe_tampering,
    sha256_of_text,
)

LOCAL = ZoneInfo("Asia/Shanghai")
STATUS_WORDS = {FINE: "fine", NOT_NEEDED: "–", OPEN: "OPEN", NOT_RUN: "NOT RUN", FAILED: "FAILS"}


def describe_release(
    store: ReleaseStore, product: str, number: int | None, at: datetime
) -> dict[str, Any]:
    """A release with its history and what it consists of; by default the active one, else the
    newest.

    Raises ReleaseRefused where there is none.
    """
    known = store.releases_of(product)
    if not known:
        published = ", ".join(store.products()) or "none"
        raise ReleaseRefused(
            f"nothing of '{product}' is published; products with releases: {published}"
        )
    if number is None:
        release = active_release(known, at) or known[-1]
    else:
        found = [release for release in known if release.number == number]
        if not found:
            numbers = ", ".join(str(release.number) for release in known[-10:])
            raise ReleaseRefused(f"{product} has no release {number}; there are: {numbers}")
        release = found[0]
    events = [event for event in store.events_of(product) if event.number == release.number]
    return {
        **_row(release, known, at),
        "tampering": describe_tampering(release),
        "evidence": _read_evidence(release),
        "contents": _read_contents(release),
        "events": [_event(event) for event in events],
    }


def list_releases(store: ReleaseStore, product: str, at: datetime) -> list[dict[str, Any]]:
    """All releases of a product, oldest first, without their contents."""
    known = store.releases_of(product)
    return [_row(release, known, at) for release in known]


def render_release(shown: dict[str, Any]) -> str:
    """A release as text for reading."""
    lines = [
        f"{shown['product']} release {shown['number']}: {shown['status']}",
        f"  sha256     {shown['sha256']}",
        f"  why        {shown['why']}",
        f"  published  {show_time(shown['published_at'])} by {shown['author']}",
    ]
    if shown["approved_by"]:
        lines.append(f"  approved   {show_time(shown['approved_at'])} by {shown['approved_by']}")
    if shown["active_from"]:
        lines.append(f"  active     from {show_time(shown['active_from'])}")
    if shown["despite"]:
        lines.append(f"  despite    {shown['despite']}")
    lines.append(render_evidence(shown["evidence"], shown["evidence_sha256"]))
    if shown["tampering"]:
        lines.append(f"  TAMPERED   {shown['tampering']}; it is not used")
    lines.append("  stages")
    lines += [f"    {one['stage']:<12} {one['file']}  {one['size']}" for one in shown["contents"]]
    lines.append("  history")
    lines += [
        f"    {show_time(one['at'])}  {one['event']} by {one['actor']}{_aside(one['detail'])}"
        for one in shown["events"]
    ]
    return "\n".join(lines)


def render_evidence(evidence: dict[str, Any] | None, sha256: str | None) -> str:
    """What was run, a line for each part."""
    if evidence is None:
        return "  evidence   none was gathered"
    parts = evidence.get("parts", {})
    lines = [f"  evidence   sha256 {sha256}"]
    for name in PARTS:
        part = parts.get(name, {"status": NOT_RUN, "said": "it was not run"})
        word = STATUS_WORDS.get(part["status"], part["status"])
        lines.append(f"    {name:<12} {word:<8} {part['said']}")
    return "\n".join(lines)


def render_list(product: str, rows: list[dict[str, Any]]) -> str:
    """The releases of one product, a line each."""
    if not rows:
        return f"{product}  nothing published"
    return "\n".join(
        f"{product}  {row['number']:>3}  {row['status']:<9}  {row['sha256'][:12]}"
        f"  {show_time(row['published_at'])}  {row['author']}: {row['why'].splitlines()[0][:60]}"
        for row in rows
    )


def show_time(moment: datetime | str) -> str:
    """A moment as people in Asia/Shanghai read it."""
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{read.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"


def _row(release: Release, known: list[Release], at: datetime) -> dict[str, Any]:
    return {
        "product": release.product,
        "number": release.number,
        "status": describe_standing(release, known, at),
        "sha256": release.sha256,
        "author": release.author,
        "why": release.why,
        "published_at": _iso(release.published_at),
        "approved_by": release.approved_by,
        "approved_at": _iso(release.approved_at),
        "evidence_sha256": release.evidence_sha256,
        "approved_evidence_sha256": release.approved_evidence_sha256,
        "despite": release.despite,
        "active_from": _iso(release.active_from),
        "retired_at": _iso(release.retired_at),
    }


def _read_contents(release: Release) -> list[dict[str, Any]]:
    """The stages; none where somebody wrote into the bundle (`tampering` says so)."""
    if sha256_of_text(release.bundle_json) != release.sha256:
        return []
    return _contents(json.loads(release.bundle_json))


def _read_evidence(release: Release) -> dict[str, Any] | None:
    """The evidence; None where somebody made it unreadable (`tampering` says so)."""
    try:
        found = release.evidence
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _event(event: ReleaseEvent) -> dict[str, Any]:
    return {
        "event": event.event,
        "actor": event.actor,
        "at": _iso(event.at),
        "detail": event.detail,
    }


def _aside(detail: dict[str, Any] | None) -> str:
    """What is worth reading of an event's detail."""
    why = (detail or {}).get("why") or (detail or {}).get("despite")
    return f" ({why})" if why else ""


def _contents(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages of a bundle: file, and how much stands in it."""
    found: list[dict[str, Any]] = []
    for stage in bundle["policy"]["stages"]:
        if "scorecard" in stage:
            card = bundle["scorecards"][stage["scorecard"]]
            size = f"{len(card['characteristics'])} characteristics"
            found.append({"stage": stage["stage"], "file": stage["scorecard"], "size": size})
            continue
        ruleset = bundle["rulesets"][stage["ruleset"]]
        sizes = {"rules": "rules", "table": "rows"}
        key = sizes.get(ruleset["kind"])
        size = f"{len(ruleset[key])} {key}" if key else ruleset["kind"]
        found.append({"stage": stage["stage"], "file": stage["ruleset"], "size": size})
    return found


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
