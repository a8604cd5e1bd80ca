"""How features of stability are traced: domain.md 3, 17–35."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from app.features.calendar import first_day_of
from app.features.tracing.files import Bill
from app.features.tracing.rows import Own
from app.features.tracing.traced import (
    COUNT,
    MEDIAN,
    SUM,
    Side,
    Trace,
    Traced,
    amount_side,
    count_side,
    group_by,
    history_side,
    months_table,
    ones,
    proof_side,
    settle,
    window,
)

LEAST_ACTIVE = 3  # COD bills of an active month
WEEK_DAYS = 182
SIGNED = ("signed", "cod_collected", "cod_remitted", "cod_paid")


def stability_traces() -> dict[str, Trace]:
    """By feature."""
    return {
        "cod_months": _cod_months,
        "active_months_12m": _active_months,
        "active_week_ratio_26w": _active_weeks,
        "max_gap_days": _max_gap,
        "days_since_last_bill": _days_since_last,
        "cv": _spread(lambda a, mean: (a - mean) ** 2, lambda sum_, mean: math.sqrt(sum_) / mean),
        "downside_dev": _spread(
            lambda a, mean: min(0.0, a / mean - 1) ** 2, lambda sum_, mean: math.sqrt(sum_)
        ),
        "top1_consignee_share": _top1,
        "hhi_consignee": _herfindahl("consignee_id", lacks=False),
        "hhi_carrier": _herfindahl("carrier_id", lacks=True),
        "repeat_amt_share_6m": _repeat_share,
        "retention": _retention,
        "sign_rate": _sign_rate,
        "return_rate_amt_6m": _return_rate,
        "cod_cycle_p50": _cycle,
    }


def _cod_months(own: Own) -> Traced:
    side = history_side(own)
    first = own.first_cod.day if own.first_cod else own.as_of.day
    traced = Traced(first, own.as_of.day - timedelta(1), side)
    whole = own.history - (own.as_of.day.day < first.day)
    return settle(traced, lambda: whole, short=own.first_cod is None)


def _active_months(own: Own) -> Traced:
    groups = months_table(own, 12)
    side = count_side(own.cod(1, 12), "cod_bills", en="COD bills", zh="代收货款运单")
    active = [row for row in groups if row["cod_bills"] >= LEAST_ACTIVE]
    return settle(Traced(*window(own, 1, 12), [side], groups=groups), lambda: len(active))


def _active_weeks(own: Own) -> Traced:
    first = own.as_of.day - timedelta(WEEK_DAYS)
    bills = [bill for bill in own.rows if bill.is_bill and bill.day >= first]
    weeks = Counter((own.as_of.day - timedelta(1) - bill.day).days // 7 for bill in bills)
    groups = [
        {
            "week": week + 1,
            "from": (own.as_of.day - timedelta(7 * week + 7)).isoformat(),
            "bills": weeks.get(week, 0),
        }
        for week in range(26)
    ]
    begun = own.first_cod.day if own.first_cod else None
    sides = [count_side(bills), *history_side(own)]
    traced = Traced(first, own.as_of.day - timedelta(1), sides, groups=groups)
    traced.numbers = {"weeks_with_a_bill": len(weeks), "weeks": 26}
    return settle(traced, lambda: len(weeks) / 26, short=begun is None or begun > first)


def _max_gap(own: Own) -> Traced:
    first = first_day_of(own.as_of.month(12))
    bills = [bill for bill in own.rows if bill.is_bill and bill.day >= first]
    days = {bill.day for bill in bills}
    begun = own.first_cod.day if own.first_cod else None
    longest, gap, since = 0, 0, None
    numbers: dict[str, Any] = {}
    day = first
    while day < own.as_of.day and begun is not None:
        if day in days:
            gap, since = 0, None
        elif day >= begun and not own.files.lake.calendar.is_closed(day):
            gap, since = gap + 1, since or day
            if gap > longest:
                longest = gap
                numbers = {"gap_from": since.isoformat(), "gap_to": day.isoformat()}
        day += timedelta(1)
    traced = Traced(first, own.as_of.day - timedelta(1), [count_side(bills), *history_side(own)])
    traced.numbers = numbers
    return settle(traced, lambda: longest, short=begun is None, baseless=not bills)


def _days_since_last(own: Own) -> Traced:
    bills = [bill for bill in own.rows if bill.is_bill]
    last = max((bill.day for bill in bills), default=date.min)
    ends = own.as_of.day - timedelta(1)
    side = proof_side([b for b in bills if b.day == last], "last", "bills of the last day with any",
                      "最后一天的运单")  # fmt: skip
    traced = Traced(last if bills else ends, ends, [side])
    return settle(traced, lambda: (ends - last).days, baseless=not bills)


def _spread(term: Callable[[float, float], float], value: Callable[[float, float], float]) -> Trace:
    def trace(own: Own) -> Traced:
        months = own.adjusted(1, 12)
        mean = sum(months) / 12
        sides = [amount_side(own.cod(1, 12)), *history_side(own)]
        traced = Traced(*window(own, 1, 12), sides, groups=months_table(own, 12))
        traced.numbers = {"mean_fen": mean}
        return settle(
            traced,
            lambda: value(sum(term(a, mean) for a in months) / 12, mean),
            short=own.history < 12,
            baseless=mean == 0,
        )

    return trace


def share(traced: Traced, top: int, base: int, **reasons: bool) -> Traced:
    """top ÷ base, both told as numbers."""
    traced.numbers |= {"numerator": top, "denominator": base}
    return settle(traced, lambda: top / base, **{"baseless": base == 0, **reasons})


def _top1(own: Own) -> Traced:
    cod = own.cod(1, 12)
    groups = group_by(own.bills(1, 12), lambda bill: bill.consignee_id, "consignee_id")
    largest = groups[0]["consignee_id"] if groups else None
    top = amount_side([b for b in cod if b.consignee_id == largest], "largest",
                      en="amount of the largest consignee", zh="最大收货人的金额")  # fmt: skip
    base = amount_side(cod)
    traced = Traced(*window(own, 1, 12), [top, base], groups=groups)
    return share(traced, top.total, base.total)


def _herfindahl(column: str, lacks: bool) -> Trace:
    def trace(own: Own) -> Traced:
        bills = [b for b in own.bills(1, 12) if getattr(b, column) is not None]
        groups = group_by(bills, lambda bill: getattr(bill, column), column)
        side = amount_side(bills)
        total = side.total
        traced = Traced(*window(own, 1, 12), [side], groups=groups)
        squares = sum(row["amount_fen"] ** 2 for row in groups)
        traced.numbers = {"sum_of_squares": squares, "amount_fen": total}
        return settle(
            traced,
            lambda: min(squares / (total * total), 1.0),
            lacking=lacks and not bills,
            baseless=total == 0,
        )

    return trace


def _repeat_share(own: Own) -> Traced:
    recent, earlier = own.cod(1, 6), own.cod(7, 18)
    known = {bill.consignee_id for bill in earlier}
    again = [bill for bill in recent if bill.consignee_id in known]
    came = {bill.consignee_id for bill in again}
    top = amount_side(again, "repeated", en="amounts from consignees who had bought before",
                      zh="老客户的金额")  # fmt: skip
    base = amount_side(recent)
    proofs = proof_side([b for b in earlier if b.consignee_id in came], "earlier",
                        "their COD bills of M7–M18", "其 M7–M18 的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 18), [top, base, proofs, *history_side(own)])
    return share(traced, top.total, base.total, short=own.history < 7)


def _retention(own: Own) -> Traced:
    now, then = own.cod(1, 6), own.cod(7, 12)
    buyers, before = ({bill.consignee_id for bill in part} for part in (now, then))
    stayed = buyers & before
    sides = [
        customers(then, "then", "consignees of M7–M12", "M7–M12 的收货人"),
        customers([b for b in now if b.consignee_id in stayed], "stayed",
                  "those of them with a COD bill in M1–M6", "其中 M1–M6 仍有运单者"),
    ]  # fmt: skip
    return share(Traced(*window(own, 1, 12), sides), len(stayed), len(before))


def customers(bills: list[Bill], name: str, en: str, zh: str) -> Side:
    """Different consignees of bills."""
    gives = [(bill, bill.consignee_id) for bill in bills]
    return Side(name, en, zh, "distinct", "consignees", gives)


def _sign_rate(own: Own) -> Traced:
    invoices = own.files.lake.invoice_sources
    shipped = [
        bill
        for bill in own.records(1, 12)
        if not bill.has("VOIDED", "SELF_DEAL", "TEST")
        and bill.return_of is None
        and bill.source not in invoices
    ]
    mature = [bill for bill in shipped if bill.created_at < own.as_of.mature_before]

    def is_signed(bill: Bill) -> bool:
        if bill.is_returned:
            return False
        if bill.signed_at is not None:
            return bool(bill.signed_at < own.as_of.cut_off_at)
        return bill.status in SIGNED

    signed = [bill for bill in mature if is_signed(bill)]
    recorded = [bill for bill in shipped if bill.signed_at is not None]
    sides = [
        Side("signed", "signed ones", "已签收", COUNT, "bills", ones(signed)),
        Side("shipped", "shipped and mature waybills", "已发货且成熟的运单", COUNT, "bills",
             ones(mature)),
        proof_side(recorded[:1], "recorded", "a waybill that records signing", "记录签收的运单"),
    ]  # fmt: skip
    traced = Traced(*window(own, 1, 12), sides)
    return share(traced, len(signed), len(mature), lacking=not recorded)


def _return_rate(own: Own) -> Traced:
    mature = [b for b in own.records(1, 6) if b.created_at < own.as_of.mature_before]
    returned = [(bill, abs(bill.cod_fen or 0)) for bill in mature if bill.is_returned]
    back = Side("returned", "COD as entered of RETURNED waybills", "退货运单的录入金额", SUM,
                "fen", returned)  # fmt: skip
    kept = amount_side(mature, "kept", en="amounts of mature bills", zh="成熟运单的金额")
    traced = Traced(*window(own, 1, 6), [back, kept])
    return share(traced, back.total, back.total + kept.total)


def _cycle(own: Own) -> Traced:
    cod = own.cod(1, 12)
    recorded = [bill for bill in cod if bill.cod_paid_at is not None]
    paid = [
        (bill, (bill.cod_paid_at.date() - bill.day).days)
        for bill in recorded
        if bill.cod_paid_at < own.as_of.cut_off_at and not bill.has("TIME")
    ]
    paid = [(bill, days) for bill, days in paid if days >= 0]
    side = Side("days", "days from created to paid", "发货至返款天数", MEDIAN, "days", paid)
    traced = Traced(*window(own, 1, 12), [side])
    return settle(traced, lambda: side.total, lacking=not recorded, baseless=not paid)
