"""Every model of the standard's level-2 suite through the import: where a table fits, ours says
what DMN says; where DMN lets a null pass, ours is unknown.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import parse

from app.dmn.importing import import_model
from app.dmn.importing_files import files_of
from app.dmn.model import Model
from app.policies.documents import load_documents
from app.policies.pipeline import Pipeline
from app.policies.policy import check_policy
from app.rules.catalogue import acceptor_of_fact
from app.settings import PROJECT_FOLDER
from tests.dmn.test_conformance import SPACE, value_of

FOLDER = Path(__file__).parents[3] / "shared/conformance/dmn-tck/compliance-level-2"
MODELS = sorted(FOLDER.glob("*/*.dmn"))
FITTING = {"0004", "0005", "0006", "0007", "0010", "0106", "0107", "0108", "0111", "0117", "0118"}
WORDS = {"hit": True, "clear": False, "unknown": None}


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.skipif(not MODELS, reason=f"the conformance suite is not at {FOLDER}")
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_what_fits_says_what_dmn_says(path: Path, tmp_path: Path) -> None:
    found = import_model(path)
    assert found.stages or found.misfits or found.terms
    if path.stem[:4] in FITTING:
        assert found.stages and not found.misfits
    if not found.stages:
        return
    source = PROJECT_FOLDER / "rulesets" / "reasons.yaml"
    for name, text in files_of(found, "tck", "TCK", path.name, source).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    documents = load_documents("tck", tmp_path / "rulesets", tmp_path / "scorecards")
    pipeline = Pipeline(check_policy(documents), "drawdown")
    model, compared = Model(path), 0
    for case in parse(next(path.parent.glob("*-test-*.xml"))).getroot().iter(SPACE + "testCase"):
        given = {e.get("name"): value_of(e) for e in case.iter(SPACE + "inputNode")}
        values = {}
        for own, (dmn, of) in found.inputs.items():
            values[own] = acceptor_of_fact(of)(plain(given.get(dmn)))[0]
        judged = pipeline.judge({name: values[name] for name in pipeline.inputs}, engines="scalar")
        traces = {trace["stage"]: trace for trace in judged.stages}
        for stage in found.stages:
            asked = {dmn: given.get(dmn) for dmn, _ in found.inputs.values()}
            wanted = model.run({**given, **asked}, stage.decision)
            trace = traces[stage.name]
            if "rules" in trace:
                assert WORDS[next(iter(trace["rules"].values()))] is wanted
            elif trace["row"] == "unknown":
                assert None in values.values() and judged.outcome != "approve"
            else:
                names = found.tables[stage.decision]
                got = {dmn: trace["outputs"][own] for dmn, own in names.items()}
                whole = wanted if isinstance(wanted, dict) else {stage.decision: wanted}
                assert got == {name: plain(value) for name, value in whole.items()}
            compared += 1
    assert compared or not found.inputs
