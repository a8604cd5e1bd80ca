"""A small lake with everything odd in it: a seed comes in; waybills of several sources go out, by
import.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from app.features.carriage import CarriageRule, FeeRule, FreightRule
from app.features.lake import LakeState, OutlierRule
from app.features.reference import References, load_references
from app.settings import PROJECT_FOLDER
from tests.features.lakes import (
    EDITED_UP,
    RETURNED,
    SELF_DEAL,
    TEST,
    TIME,
    VOIDED,
    Conflict,
    Waybill,
    listed,
    write_lake,
)

FIRST = datetime.fromisoformat("2024-10-01")
MERCHANTS = ["M-1", "M'2", "商户三", "m-1", "M 5", "Ω", "C3"]  # C3 is a consignee too
CONSIGNEES = [*(f"C{k}" for k in range(9)), "M-1", "商户三", 'C"9']
PLACES = [None, "临沂", "山东省临沂市兰山区", "济南", "徐州", "Linyi", ""]
GOODS = [None, "五金", "五金 ", "hardware", "HARDWARE", "a'b", "百货"]
PHONES = [None, "phone 1", "phone 2", "phone 3"]


def draw_waybills(seed: int, count: int, days: int, prefix: str, start: int = 0) -> list[Waybill]:
    """Waybills of `days` days from day `start` on."""
    draw = random.Random(seed)
    found: list[Waybill] = []
    for number in range(count):
        moment = FIRST + timedelta(days=start, minutes=draw.randrange(days * 1440))
        if draw.random() < 0.1:
            moment = moment.replace(hour=0, minute=0)
        paid = draw.choice([None, moment + timedelta(days=draw.randrange(-2, 60))])
        signed = draw.choice([None, moment + timedelta(hours=draw.randrange(1, 400))])
        cod = draw.choice([None, 0, -500, 100_000, draw.randrange(1, 900_000)])
        if draw.random() < 0.02:
            cod = draw.choice([30_000_000, 9_007_199_254_740])
        name = draw.choice(PHONES)
        waybill = Waybill(
            waybill_no=f"{prefix}{number}",
            created_at=moment,
            merchant_id=draw.choice(MERCHANTS[: 3 + number % 5]),
            consignee_id=draw.choice(CONSIGNEES),
            cod_fen=cod,
            cod_first_fen=draw.choice([None, cod]),
            status=draw.choice([None, "signed", "cod_paid", "cod_collected", "paid", "cod!x"]),
            flags=draw.choice([0] * 12 + [VOIDED, RETURNED, SELF_DEAL, TIME, TEST, EDITED_UP]),
            source=draw.choice(["tms", "tms", "invoices", "第三源"]),
            carrier_id=draw.choice([None, "X", "Y", "中通"]),
            destination=draw.choice(PLACES),
            goods_category=draw.choice(GOODS),
            origin=draw.choice(PLACES),
            freight_fen=draw.choice([None, 0, 2_000, draw.randrange(100, 60_000)]),
            cod_fee_fen=draw.choice([None, 200, 400, draw.randrange(0, 9_000)]),
            outlet_id=draw.choice([None, "outlet 1", "网点"]),
            pieces=draw.choice([None, 1, 2]),
            signed_at=signed,
            cod_paid_at=paid,
            shipper_name_hash=name,
            shipper_phone_hash=draw.choice(PHONES),
            consignee_name_hash=draw.choice([None, "who"]),
            consignee_phone_hash=draw.choice(PHONES),
            shipper_card_hash=draw.choice([None, None, "card"]),
            repeats=draw.choice([0, 0, 0, 2]),
            resets=draw.choice([0, 0, 0, 1]),
        )
        if found and draw.random() < 0.05:
            other = draw.choice(found)
            waybill = replace(waybill, return_of=other.waybill_no, source=other.source)
        found.append(waybill)
    return found


def read_references() -> References:
    """The project's tariffs and distances, and parties of this lake."""
    found = load_references(PROJECT_FOLDER / "rulesets", b"a key of the tests")
    blacklist = listed(("id", "C3"), ("id", "商户三"), ("phone", "phone 2"))
    staff = listed(("id", "Ω"), ("phone", "phone 3"), ("card", "card"))
    return replace(found, blacklist=blacklist, staff=staff)


def odd_lake(folder: Path, imports: Mapping[str, list[Waybill]]) -> LakeState:
    """A lake that all that can be judged is judged in."""
    rule = CarriageRule(FreightRule(4, 300_000, 2_000), FeeRule(100, 20), 24)
    return write_lake(
        folder,
        imports,
        conflicts=[Conflict("M-1", 24300), Conflict("商户三", 24302), Conflict("M-1", 24300)],
        invoice_sources=["invoices"],
        outliers={"tms": OutlierRule(5_000_000, 20), "第三源": OutlierRule(20_000_000, 5)},
        references=read_references(),
        carriage={"tms": rule, "invoices": CarriageRule(None, FeeRule(300, 10), None)},
    )
