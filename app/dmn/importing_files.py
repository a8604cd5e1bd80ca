"""The files that an import writes: a folder with catalogue, reasons, policy and a file a stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from app.dmn.errors import DmnError
from app.dmn.importing_found import Found
from app.dmn.importing_yaml import comment, in_both, input_entry
from app.policies.documents import read_file
from app.policies.reasons import SERVICE_CODES
from app.rules.document import plain_of
from app.rules.problems import Problem

SEEN = "A person will look at your application"
SEEN_ZH = "系统需要人工复核"


def files_of(found: Found, product: str, title: str, source: str, reasons: Path) -> dict[str, str]:
    """The files of the product by their path in the folder; `reasons`: a file that has what the
    service itself says.
    """
    head = f"Imported from the DMN model {source}. Names: "
    renamed = [f"{dmn} → {own}" for own, (dmn, _) in found.inputs.items() if dmn != own]
    catalogue = comment(head + ("; ".join(renamed) or "as in the model")) + "inputs:\n"
    catalogue += "".join(input_entry(own, of, dmn) for own, (dmn, of) in found.inputs.items())
    if not found.inputs:
        catalogue = catalogue.replace("inputs:\n", "inputs: {}\n")
    terms = ", ".join(f"{name}: {value}" for name, value in found.terms.items())
    stages = "".join(f"  - {{stage: {s.name}, {s.kind}: {s.file}}}\n" for s in found.stages)
    policy = comment(f"Imported from the DMN model {source}.") + f"policy: {product}\n"
    policy += f"title: {in_both(title)}\n"
    policy += f"terms: {{{terms}}}\n" if terms else ""
    policy += f"stages:\n{stages}" if stages else "stages: []\n"
    files = {
        "rulesets/catalogue.yaml": catalogue,
        "rulesets/reasons.yaml": _reasons(found, reasons),
        f"rulesets/{product}/policy.yaml": policy,
    }
    for stage in found.stages:
        folder = "scorecards" if stage.kind == "scorecard" else f"rulesets/{product}"
        files[f"{folder}/{stage.file}"] = stage.text
    return files


def _reasons(found: Found, source: Path) -> str:
    """What the service says, as it stands in the present files, and a reason for each new code."""
    problems: list[Problem] = []
    document = read_file(source, source.parent, problems)
    if document is None:
        raise DmnError(f"{source}: the service's own reasons are copied from there; {problems[0]}")
    known: dict[str, Any] = plain_of(document)["reasons"]
    kept = {code: known[code] for code in (*SERVICE_CODES, *found.reasons) if code in known}
    for code, words in found.reasons.items():
        kept.setdefault(
            code,
            {
                "merchant": {"zh": SEEN_ZH, "en": SEEN},
                "staff": {"zh": words, "en": words},
                "merchant_may_see": "false",
            },
        )
    text = yaml.safe_dump({"reasons": kept}, allow_unicode=True, sort_keys=False, width=110)
    return comment("Texts of new codes are for a person to write.") + str(text)
