"""What the numbers of an expression are measured in, by what they are compared with."""

from __future__ import annotations

from decimal import Decimal

from app.policies.policy import Policy
from app.rules import syntax as s
from app.rules.scope import Scope, checker_of
from app.rules.types import NUMBER
from app.scoring.scorecard import Scorecard
from app.trials.steps import Measure, measure_of


class Measures:
    """Measures in the scope of a stage."""

    def __init__(self, policy: Policy, scope: Scope) -> None:
        self.scope = scope
        self._point = point_of(policy)

    def __call__(self, node: s.Syntax) -> Measure:
        """The measure of a node; of a score, the step of its points."""
        if isinstance(node, s.Name):
            return self.named(node.name)
        term = checker_of(self.scope, lambda error: None).term(node)
        return measure_of(term.kind if term is not None else NUMBER)

    def named(self, name: str) -> Measure:
        of = self.scope.types.get(name)
        if name == "score" and of is not None:
            return measure_of(NUMBER, None, self._point)
        if of is not None and of.declared == "category":
            return Measure(of.kind)
        return measure_of(of.kind if of is not None else NUMBER, of)


def point_of(policy: Policy) -> Decimal:
    """How far apart two scores are at least: 1 where all points are whole."""
    numbers = [
        Decimal(str(points))
        for stage in policy.stages
        if isinstance(stage.checked, Scorecard)
        for one in stage.checked.characteristics
        for points in (*one.points, one.missing)
    ]
    exponents = [number.normalize().as_tuple().exponent for number in numbers]
    places = min((one for one in exponents if isinstance(one, int)), default=0)
    return Decimal(1).scaleb(min(0, places))
