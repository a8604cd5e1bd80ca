"""The files of tariffs and of distances: what is wrong is said with its line and what to write."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.features.distances import load_distances
from app.features.reference_errors import BadReferenceList
from app.features.tariffs import load_tariffs
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER

REFERENCE = PROJECT_FOLDER / "rulesets" / "reference"
GOOD = "  any_of: [{steps: [{rate: 0.001}]}]\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_files_of_the_project() -> None:
    tariffs, distances = (
        load_tariffs(REFERENCE / "tariffs.yaml"),
        load_distances(REFERENCE / "distances.csv"),
    )
    assert tariffs is not None and [t.name for t in tariffs.tariffs] == ["usual"]
    assert distances is not None
    assert distances.least_seconds()["临沂", "济南"] == 260 * 45 + 7_200
    assert distances.least_seconds()["济南", "临沂"] == 260 * 45 + 7_200


def test_no_file(tmp_path: Path) -> None:
    assert load_tariffs(tmp_path / "tariffs.yaml") is None
    assert load_distances(tmp_path / "distances.csv") is None


def test_a_tariff_is_left_out_of_months_that_it_does_not_fit(tmp_path: Path) -> None:
    text = f"tariffs:\n- tariff: a\n  from: 2024-02-01\n  until: 2024-02-10\n{GOOD}"
    tariffs = load_tariffs(write(tmp_path, "tariffs.yaml", text))
    assert tariffs is not None
    month = date(2024, 2, 1).year * 12 + 1
    texts = [tariffs.outlier_sql(m, "100", "20") for m in (month - 1, month, month + 1)]
    assert texts[0] == texts[2] == "cast(null as boolean)"
    assert "w.created_at < date '2024-02-11'" in texts[1]
    assert "w.created_at >=" not in texts[1]


TARIFF = "tariffs:\n- tariff: a\n"
WRONG = [
    ("tariffs: []\n", "tariffs.yaml:1:10: 'tariffs' has nothing in it"),
    (TARIFF, "tariffs.yaml:2:3: a tariff needs the key 'any_of'"),
    (TARIFF + GOOD + "  carrier: X\n", "tariffs.yaml:4:3: a tariff has no key 'carrier'"),
    (TARIFF + GOOD + "  carriers: []\n", "tariffs.yaml:4:13: 'carriers' names nobody"),
    (TARIFF + GOOD + "  carriers: [X, ~]\n", "tariffs.yaml:4:17: 'carriers' has an empty name"),
    (TARIFF + GOOD + "  from: 1/2/24\n", "tariffs.yaml:4:9: '1/2/24' is no day"),
    (
        TARIFF + GOOD + "  from: 2024-02-01\n  until: 2024-01-01\n",
        "tariffs.yaml:5:10: 'until' is 2024-01-01, before 'from', 2024-02-01",
    ),
    (
        TARIFF + GOOD + "- tariff: b\n" + GOOD,
        "tariffs.yaml:4:11: 'b' never counts: 'a' fits all",
    ),
    (
        TARIFF + "  carriers: [X]\n" + GOOD + "- tariff: a\n" + GOOD,
        "tariffs.yaml:5:11: the tariff 'a' stands twice",
    ),
    (
        TARIFF + "  any_of: [{steps: [{rate: 0.1%}]}]\n",
        "tariffs.yaml:3:28: 'rate' must be a number, not '0.1%'",
    ),
    (
        TARIFF + "  any_of: [{steps: [{rate: 1.5}]}]\n",
        "tariffs.yaml:3:28: 'rate' is 1.5",
    ),
    (
        TARIFF + "  any_of: [{steps: [{up_to: 5, fee: 1}]}]\n",
        "tariffs.yaml:3:20: the last step ends",
    ),
    (
        TARIFF + "  any_of: [{steps: [{fee: 1}, {fee: 2}]}]\n",
        "tariffs.yaml:3:20: step 1 has no end and is not the last",
    ),
    (
        TARIFF + "  any_of: [{steps: [{up_to: 9, fee: 1}, {up_to: 8, fee: 1}, {fee: 2}]}]\n",
        "tariffs.yaml:3:20: step 2 ends before the step above it",
    ),
    (TARIFF + "  any_of: [{steps: [{up_to: 9}, {fee: 2}]}]\n", "a step needs 'fee' or 'rate'"),
    (TARIFF + "  any_of: [{steps: [{fee: 0.005}]}]\n", "'fee' is 0.005"),
    (TARIFF + "  any_of: [{steps: [{fee: -1}]}]\n", "'fee' is -1"),
    (TARIFF + "  any_of: [{steps: [{fee: 1}], round_up_to: 0}]\n", "'round_up_to' is 0"),
    (TARIFF + "  any_of: [{steps: [{fee: 1}], least: 3, cap: 2}]\n", "'cap' is below 'least'"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_tariffs(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProblemsFound) as caught:
        load_tariffs(write(tmp_path, "tariffs.yaml", text))
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1, "one mistake, one problem"


def test_everything_wrong_with_distances_is_told_at_once(tmp_path: Path) -> None:
    text = "origin,destination,km\nA,B,480\nA,,5\nA,B,480\nA,C,far\nA,D,0\nA,E,1.25\nB,A,481.5\n"
    with pytest.raises(BadReferenceList) as error:
        load_distances(write(tmp_path, "distances.csv", text))
    how = (
        "is no distance; write kilometres from 0.1 to 20,000 with at most one decimal, such as 480"
    )
    assert str(error.value).splitlines()[1:] == [
        "  line 3: origin and destination must have 1 to 500 characters",
        "  line 4: A to B stands in line 2 already; keep one",
        f"  line 5: km 'far' {how}",
        f"  line 6: km '0' {how}",
        f"  line 7: km '1.25' {how}",
    ]


def test_distances(tmp_path: Path) -> None:
    text = "\ufeff destination,origin ,km,note\r\nB,A,480,by road\r\n,,,\r\nA,B,481.5,back\r\n"
    found = load_distances(write(tmp_path, "distances.csv", text))
    assert found is not None and found.metres == {("A", "B"): 480_000, ("B", "A"): 481_500}
    assert found.least_seconds()["B", "A"] == 28_868  # 481.5 × 45 s and two hours, rounded up
    for header in ("origin,destination", "origin;destination;km", "origin,destination,km,km"):
        with pytest.raises(BadReferenceList, match="line 1: write the header"):
            load_distances(write(tmp_path, "distances.csv", f"{header}\nA,B,1\n"))
