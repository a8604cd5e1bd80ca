"""What can be wrong with a DMN model or with the values that are given to it."""

from __future__ import annotations

from app.errors import ChengxinError


class DmnError(ChengxinError):
    """A model that cannot be read, or a decision or value that it does not have."""


class FeelSyntaxError(DmnError):
    """A FEEL text that cannot be parsed; the position counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class FeelLimit(Exception):
    """A computation that would take too long: the decision becomes null, the text a message."""


class FeelFault(Exception):
    """A FEEL error while a value is computed: the expression becomes null, the text a message."""
