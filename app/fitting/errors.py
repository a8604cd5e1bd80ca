"""What a user of `chengxin scorecard fit` can mend."""

from __future__ import annotations

from app.errors import ChengxinError


class BadData(ChengxinError):
    """The labelled file, or what was said of it, cannot be used; the message says where and why."""


class NoFitExtra(ChengxinError):
    """The packages of the extra `fit` are not installed."""
