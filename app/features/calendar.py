"""Months as whole numbers and the as-of day: what every window is counted from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

MATURE_AFTER_DAYS = 30
NEW_WITHIN_DAYS = 90
RECENT_DAYS = 30
BASE_DAYS = 180  # before the recent ones
FRESH_WITHIN_DAYS = 30
RECIPROCAL_WITHIN_DAYS = 60
RECIPROCAL_MONTHS = 15  # M12 and the 60 days before it


def month_of(day: date) -> int:
    """The month as one number, `year * 12 + month - 1`, as in the lake's folder names."""
    return day.year * 12 + day.month - 1


def first_day_of(month: int) -> date:
    """The first day of a month given as one number."""
    return date(month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The as-of day T. Nothing created at or after its midnight (Asia/Shanghai) exists for the
    snapshot.
    """

    day: date

    @property
    def cut_off_at(self) -> datetime:
        """Midnight at the start of T: the end of T − 1."""
        return datetime.combine(self.day, time())

    @property
    def mature_before(self) -> datetime:
        """Waybills created before this moment are mature: created on a day at least 30 days before
        T.
        """
        return self.cut_off_at - timedelta(days=MATURE_AFTER_DAYS - 1)

    @property
    def new_from(self) -> date:
        """A consignee first seen on this day or later is new: at most 90 days before T."""
        return self.day - timedelta(days=NEW_WITHIN_DAYS)

    @property
    def earliest_new(self) -> date:
        """`new_from` of the first day of T's month: no day of the month has an earlier one."""
        return self.day.replace(day=1) - timedelta(days=NEW_WITHIN_DAYS)

    @property
    def recent_from(self) -> date:
        """The first of the 30 days before T."""
        return self.day - timedelta(days=RECENT_DAYS)

    @property
    def base_from(self) -> date:
        """The first of the 180 days before those 30."""
        return self.recent_from - timedelta(days=BASE_DAYS)

    @property
    def newcomers_from(self) -> date:
        """Who was seen before this day was known for over 30 days in all of the last 90."""
        return self.new_from - timedelta(days=FRESH_WITHIN_DAYS)

    def month(self, k: int) -> int:
        """Mk: the k-th full calendar month before T, 1 being the last."""
        return month_of(self.day) - k

    @property
    def cut_month(self) -> int | None:
        """The month that the cut-off cuts in two; None when T is the first of a month."""
        return None if self.day.day == 1 else month_of(self.day)
