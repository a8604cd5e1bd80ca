"""What every stage of an export shares: the scope so far, names of the model, types, and where
decisions are added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from app.dmn.exporting_feel import FeelWriter, feel_name, feel_number, feel_text, feel_value
from app.dmn.exporting_model import Context, Decision, DecisionTable, Exported, ItemType, Literal
from app.policies.policy import Policy, gives_of
from app.rules.catalogue import Input
from app.rules.rulesets import OUTCOMES
from app.rules.scope import Scope
from app.rules.terms import Term
from app.rules.types import NUMBER, Type

OUTCOME = "outcome"
OUTCOME_TYPE = "t_outcome"
UNKNOWN_REASON = "DATA_MISSING"
# our types that are numbers in DMN stay apart by a type of their own
NUMBERS = ("money", "ratio", "integer")
PLAIN = {"boolean": "boolean", "number": "number", "text": "string", "category": "string"}


class Ground:
    """Collects the model while the stages are written in order."""

    def __init__(self, policy: Policy, purpose: str, model: Exported) -> None:
        self.policy, self.purpose, self.model = policy, purpose, model
        types = {name: one.type for name, one in policy.inputs.items()}
        types |= dict.fromkeys(policy.terms, Type("number"))
        definitions = {
            name: Term("const", NUMBER, (), float(value), value)
            for name, value in policy.terms.items()
        }
        self.scope = Scope(types, definitions)
        self.never_null = set(policy.terms)
        given = [name for s in policy.stages for name in gives_of(s.name, s.checked)]
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()
        for name in [*types, *given]:
            self.names[name] = self.new_name(name)
        self.type_names: set[str] = {OUTCOME_TYPE, *NUMBERS}
        self.value_types: dict[str, str] = {}
        self.outcomes: list[str] = []

    def new_name(self, wanted: str) -> str:
        """A name for the model that nothing has yet."""
        name = feel_name(wanted, self.taken)
        self.taken.add(name)
        return name

    def writer(self) -> FeelWriter:
        return FeelWriter(self.scope, self.never_null, self.names)

    def add(
        self,
        name: str,
        of: str,
        logic: Literal | Context | DecisionTable,
        needs: Iterable[str],
        about: str = "",
    ) -> str:
        """Add a decision under a name of the model; `needs` are names of the model."""
        self.model.decisions.append(Decision(name, of, logic, tuple(dict.fromkeys(needs)), about))
        return name

    def read_by(self, writer: FeelWriter) -> list[str]:
        """The model's names of what a writer has read."""
        return [self.names.get(name, name) for name in writer.read]

    def give(self, name: str, of: Type, text: str, needs: Iterable[str], about: str = "") -> None:
        """A value that later stages read, under its own name."""
        self.add(self.names[name], self.type_of(name, of), Literal(text), needs, about)
        self.scope = replace(self.scope, types={**self.scope.types, name: of})

    def add_outcome(self, stage: str, text: str, needs: Iterable[str], about: str = "") -> None:
        """What a stage says: approve, refer or decline."""
        name = self.new_name(f"{stage}_outcome")
        self.outcomes.append(self.add(name, self.outcome_type(), Literal(text), needs, about))

    def outcome_type(self) -> str:
        if all(one.name != OUTCOME_TYPE for one in self.model.types):
            allowed = ", ".join(feel_text(one) for one in OUTCOMES)
            self.model.types.append(ItemType(OUTCOME_TYPE, "string", allowed))
        return OUTCOME_TYPE

    def type_of(self, name: str, of: Type) -> str:
        """The type of a value in the model; an item definition where it has bounds or a list."""
        base = PLAIN.get(of.declared, of.declared)
        if base in NUMBERS and all(base != one.name for one in self.model.types):
            self.model.types.append(ItemType(base, "number"))
        allowed = allowed_of(of)
        if not allowed:
            return base
        known = self.value_types.get(name)
        if known is None:
            known = self.value_types[name] = self.new_type(name)
            self.model.types.append(ItemType(known, base, allowed))
        return known

    def new_type(self, name: str) -> str:
        """A name for an item definition that nothing has yet."""
        wanted = f"t_{name}"
        while wanted in self.type_names:
            wanted += "_"
        self.type_names.add(wanted)
        return wanted

    def components(self, name: str, parts: Iterable[tuple[str, str]], is_list: bool = False) -> str:
        """The item definition of a context, or of a list of them."""
        wanted = self.new_type(name)
        self.model.types.append(ItemType(wanted, components=tuple(parts), is_list=is_list))
        return wanted

    def add_inputs(self, read: Iterable[str]) -> None:
        """The inputs; one that is assumed where it is missing comes under another name."""
        assumed = self.policy.assumed.get(self.purpose, {})
        for name in read:
            one = self.policy.inputs[name]
            known = assumed.get(name)
            own = self.names[name]
            if known is None:
                self.model.inputs.append((own, self.type_of(name, one.type), _meaning(one)))
                continue
            given = self.new_name(f"{name}_given")
            self.model.inputs.append((given, self.type_of(name, one.type), _meaning(one)))
            value = Decimal(known) / 100 if one.type.declared == "money" else known
            text = feel_value(value)
            about = f"Assumed where it is missing, for the purpose {self.purpose}."
            logic = Literal(f"if {given} = null then {text} else {given}")
            self.add(own, self.type_of(name, one.type), logic, [given], about)
            self.never_null.add(name)

    def add_terms(self) -> None:
        """The product's terms, as constants."""
        for name, value in self.policy.terms.items():
            text = feel_number(value)
            self.add(self.names[name], "number", Literal(text), (), "A term of the product.")


def allowed_of(of: Type) -> str:
    """The allowed values of a type as unary tests; empty where all are."""
    if of.values is not None:
        return ", ".join(feel_text(value) for value in of.values)
    if of.low is not None and of.high is not None:
        return f"[{feel_number(of.low)}..{feel_number(of.high)}]"
    if of.low is not None:
        return f">= {feel_number(of.low)}"
    return f"<= {feel_number(of.high)}" if of.high is not None else ""


def _meaning(one: Input) -> str:
    return " ".join(text for text in one.meaning.values() if text)
