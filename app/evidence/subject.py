"""What evidence is gathered of: a release as it was frozen, the cases beside the files, the release
that is active, the newest snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from app.errors import ChengxinError
from app.policies.cases import Case
from app.policies.documents import documents_of, sha256_of
from app.policies.examine import Examined
from app.policies.policy import Policy, check_policy
from app.rules.catalogue import Input, read_catalogue

PROOF_SECONDS = 30.0  # of one statement for one purpose


class NotRun(ChengxinError):
    """A part of the evidence that was not run; the message is why."""


@dataclass(frozen=True, slots=True)
class ActiveVersion:
    """The release that decides now."""

    number: int
    sha256: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class SnapshotToRead:
    """The newest snapshot; `read` gives its features."""

    id: str
    as_of: str
    read: Callable[[], pa.Table]


@dataclass(frozen=True)
class Subject:
    """`bundle`: the release, parsed. `looked`: the product's files as they are, for the cases and
    for lint; None where they have problems (`no_files` says it). `is_of_files`: whether they would
    give this very release. `bundle_json` is what its hash is of.
    """

    product: str
    bundle_json: str
    bundle: Mapping[str, Any]
    looked: Examined | None
    is_of_files: bool
    active: ActiveVersion | None
    snapshot: SnapshotToRead | None
    no_files: str = ""
    proof_seconds: float = PROOF_SECONDS
    advance: Callable[[str, int, int], None] = field(default=lambda what, done, total: None)

    @cached_property
    def policy(self) -> Policy:
        """The policy as the release holds it."""
        return check_policy(documents_of(self.bundle))

    @cached_property
    def catalogue(self) -> Mapping[str, Input]:
        """The inputs that the release knows."""
        catalogue: Mapping[str, Input] = read_catalogue(documents_of(self.bundle).catalogue, [])
        return catalogue

    @property
    def sha256(self) -> str:
        return sha256_of(self.bundle_json)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases beside the files. Raises NotRun where there are none that fit."""
        if self.looked is None:
            raise NotRun(self.no_files)
        given = [case.values for case in self.looked.cases]
        lacking = {name for name in self.policy.inputs if any(name not in one for one in given)}
        if lacking:
            raise NotRun(
                "the cases beside the files are of another policy: they do not give"
                f" {', '.join(sorted(lacking))}"
            )
        return self.looked.cases

    @property
    def note(self) -> str:
        """What has to be said with everything that is run on the cases."""
        if self.is_of_files:
            return ""
        return " (by the cases beside the files, which have changed since this release)"
