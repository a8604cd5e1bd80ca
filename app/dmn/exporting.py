"""A checked policy → a DMN 1.5 model: stages become decisions, inputs and terms what they read.

What holds: docs/decisions/0019-dmn.md.
"""

from __future__ import annotations

from app.dmn.exporting_amounts import export_formula, export_scorecard
from app.dmn.exporting_feel import feel_name
from app.dmn.exporting_ground import OUTCOME, Ground
from app.dmn.exporting_model import Exported, Literal
from app.dmn.exporting_rules import export_outcome, export_rules
from app.dmn.exporting_tables import export_table
from app.policies.documents import Documents
from app.policies.policy import Policy
from app.rules.rulesets import Formula, Rules, Table
from app.scoring.scorecard import Scorecard


def export_policy(policy: Policy, documents: Documents, purpose: str) -> Exported:
    """The model of a policy for one purpose."""
    title = " ".join(policy.title.values())
    about = (
        f"{title}. Purpose: {purpose}. Amounts are in yuan. A value that is missing is null;"
        " where it matters the row is 'unknown' and the outcome is not approve."
    )
    model = Exported(policy.product, about)
    ground = Ground(policy, purpose, model)
    ground.add_inputs(policy.inputs)
    ground.add_terms()
    outcome = ground.new_name(OUTCOME)
    for stage in policy.stages:
        match stage.checked:
            case Rules():
                export_rules(ground, stage.name, stage.checked)
            case Table():
                document = documents.rulesets[stage.file]
                export_table(ground, stage.name, stage.checked, document)
            case Formula():
                export_formula(ground, stage.name, stage.checked)
            case Scorecard():
                export_scorecard(ground, stage.name, stage.checked)
    export_outcome(ground, outcome)
    _add_answer(ground, outcome)
    _drop_unread(model)
    return model


def _add_answer(ground: Ground, outcome: str) -> None:
    """The decision as a call is answered: limit and price stand there only on approve."""
    known = [n for n in ("score", "tier", "limit", "daily_rate") if n in ground.scope.types]
    known = [n for n in known if n not in ground.policy.inputs and n not in ground.policy.terms]
    parts = [(OUTCOME, outcome)]
    for name in known:
        own = ground.names[name]
        is_offer = name in ("limit", "daily_rate")
        parts.append((name, f'if {outcome} = "approve" then {own} else null' if is_offer else own))
    text = "{" + ", ".join(f"{name}: {value}" for name, value in parts) + "}"
    name = feel_name(ground.policy.product, ground.taken)
    about = "What the policy says; a limit and a price are given on approve only."
    needs = [outcome, *(ground.names[n] for n in known)]
    ground.add(name, "", Literal(text), needs, about)


def _drop_unread(model: Exported) -> None:
    """Inputs that nothing reads for this purpose are left out."""
    read = {need for one in model.decisions for need in one.needs}
    model.inputs = [one for one in model.inputs if one[0] in read]
