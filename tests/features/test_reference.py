"""Lists of known parties: what is read, that phones and cards become the hashes of the lake, and
what is refused, all of it at once.
"""

from __future__ import annotations

import hmac
from datetime import date
from pathlib import Path

import pytest

from app.features.calendar import AsOf
from app.features.lake import read_lake
from app.features.reference import BadReferenceList, References, load_references
from app.settings import PROJECT_FOLDER
from app.waybills.intake import import_files, open_intake
from tests.features.lakes import see

KEY = b"a key that is used by tests only"
T = AsOf(date(2024, 3, 1))


def load(folder: Path, name: str, text: str | bytes, key: bytes | None = KEY) -> References:
    (folder / "reference").mkdir(exist_ok=True)
    content = text.encode() if isinstance(text, str) else text
    (folder / "reference" / f"{name}.csv").write_bytes(content)
    return load_references(folder, key)


def hash_of(text: str) -> str:
    return hmac.digest(KEY, text.encode(), "sha256").hex()


def test_no_file_no_list(tmp_path: Path) -> None:
    assert load_references(tmp_path, KEY) == References()
    names = ("blacklist", "staff", "tariffs", "distances")
    assert References().marks == dict.fromkeys(names)


def test_phones_and_cards_are_hashed(tmp_path: Path) -> None:
    text = (
        "\ufeffkind,value,since,note\r\nid, C9 ,,seen twice\r\n"
        "phone,+86 139-0000-0001,2024-02-29,\r\n"
        "card,6222 0212 3456 789x,2024-03-01,\r\n,,,\r\nid,C9,,again\r\n"
    )
    staff = load(tmp_path, "staff", text).staff
    assert staff is not None
    assert staff.in_force(T) == [(1, "C9"), (6, hash_of("13900000001"))]
    later = staff.in_force(AsOf(date(2024, 3, 2)))
    assert later[-1] == (7, hash_of("622202123456789X"))


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = (
        "kind,value,since\ncard,6222021234567890,\nids,C1,\nid,,\nid,C2,01/02/2024\n"
        "13900000001,phone,\n"
    )
    with pytest.raises(BadReferenceList) as error:
        load(tmp_path, "blacklist", text)
    assert str(error.value).splitlines()[1:] == [
        "  line 2: kind 'card' is none of id, phone",
        "  line 3: kind 'ids' is none of id, phone",
        "  line 4: value must have 1 to 128 characters",
        "  line 5: since '01/02/2024' is no day; write YYYY-MM-DD",
        "  line 6: kind is none of id, phone",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: write the header kind,value"),
        ("id;C1\n", "line 1: write the header kind,value"),
        ("kind,value\nphone,none\n", "line 2: value is no phone number"),
        ("kind,value\nid,黑".encode("gb18030"), "is not UTF-8"),
    ],
)
def test_what_is_no_list(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(BadReferenceList, match=message):
        load(tmp_path, "blacklist", text)


def test_without_a_key_no_phone_is_compared(tmp_path: Path) -> None:
    assert load(tmp_path, "blacklist", "kind,value\nid,C1\n", None).blacklist is not None
    with pytest.raises(BadReferenceList, match="no key to hash them with"):
        load(tmp_path, "blacklist", "kind,value\nphone,13900000001\n", None)


def test_from_files_to_features(tmp_path: Path) -> None:
    """Imported waybills and lists meet though they write phones and cards in different ways."""
    waybills = tmp_path / "waybills.csv"
    waybills.write_text(
        "waybill_no,shipper_id,consignee_id,created_at,cod_amount,shipper_phone,shipper_card,"
        "consignee_phone\n"
        "1,A,C1,2024-01-05 08:00,100,13812345678,6222021234567890,13900000001\n"
        "2,B,C2,2024-01-05 08:00,100,13812345679,6222-0212-3456-7890,13900000002\n"
    )
    rulesets = PROJECT_FOLDER / "rulesets"
    import_files(open_intake(tmp_path / "lake", KEY, rulesets, 512), [waybills], "tms")
    (tmp_path / "reference").mkdir()
    for name in ("cleaning.yaml", "calendar.yaml"):
        (tmp_path / name).write_bytes((rulesets / name).read_bytes())
    load(tmp_path, "blacklist", "kind,value\nphone,0086 13900000002\n")
    load(tmp_path, "staff", "kind,value\nphone,138 1234 5678\n")
    found = see(read_lake(tmp_path / "lake", tmp_path, KEY), T.day)
    names = ("blacklist_jaccard", "outlet_related", "shared_card_merchants")
    assert [found["A"][name] for name in names] == [0.0, True, 1]
    assert [found["B"][name] for name in names] == [1 / 3, False, 1]


def test_a_file_of_the_home_counts_in_place_of_the_rulesets(tmp_path: Path) -> None:
    rulesets, home = tmp_path / "rulesets", tmp_path / "home"
    for folder, value in ((rulesets, "C1"), (home, "C2")):
        (folder / "reference").mkdir(parents=True)
        (folder / "reference" / "blacklist.csv").write_text(f"kind,value\nid,{value}\n")
    (rulesets / "reference" / "staff.csv").write_text("kind,value\nid,C3\n")
    found = load_references(rulesets, KEY, home)
    assert found.blacklist is not None
    assert found.staff is not None
    assert [party.text for party in found.blacklist.parties] == ["C2"]
    assert [party.text for party in found.staff.parties] == ["C3"]
