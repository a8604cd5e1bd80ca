"""Random typed expressions and values, made from one `random.Random`: the seed is all that a
failing test needs to show.
"""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

from app.rules.types import Type

SCOPE = {
    "旺季": Type("boolean"),
    "b": Type("boolean"),
    "cod_months": Type("integer"),
    "份额": Type("ratio"),
    "x": Type("number"),
    "y": Type("number"),
    "货款": Type("money"),
    "m": Type("money"),
    "名称": Type("text"),
    "t": Type("text"),
    "档": Type("category", ("A", "B", "丙")),
    "类别": Type("category", ("A", "B", "丙")),
}
ROUNDERS = ["decimal", "round up", "round down", "round half up", "round half down"]
ROUNDERS += ["floor", "ceiling"]
OF_KIND: dict[str, list[str]] = {}
for _name, _type in SCOPE.items():
    OF_KIND.setdefault(_type.declared, []).append(_name)
NUMBERS = ["0", "1", "2", "12", "0.1", "0.35", "1.5", "-1", "-0.1", "2.675", "1e300", "1e-300", "3"]
YUAN = [
    "0",
    "0.01",
    "1",
    "500_000",
    "0.35",
    "-1",
    "12.34",
    "90_071_992_547_409.92",
    "45_000_000_000_000",
]
TEXTS = [
    "",
    "A",
    "B",
    "丙",
    "批发",
    'a"b',
    "back\\slash",
    "line\nbreak",
    "😀",
    "é",
    "?0",
    "null",
    "x" * 300,
]
EDGES = [0.0, -0.0, 1.0, 2.0, 12.0, 0.1, 0.35, 1.5, -1.0, 3.0, 2.675, 1e300, -1e300, 1e-300, 5e-324]
EDGES += [2.5, 0.5, -0.5, 1.7976931348623157e308, 1e16, 123456789.125, 0.30000000000000004]
FENS = [
    0,
    1,
    -1,
    100,
    50_000_000,
    35,
    -100,
    1234,
    2**53,
    -(2**53),
    2**53 - 1,
    4_500_000_000_000_000,
]


def random_value(random: Random, of: Type) -> Any:
    """An inside value or None; thresholds of the expressions, and their neighbours."""
    if random.random() < 0.18:
        return None
    match of.declared:
        case "boolean":
            return random.random() < 0.5
        case "money":
            fen = random.choice(FENS) + random.choice([0, 0, 0, 1, -1])
            return max(-(2**53), min(2**53, fen))
        case "text":
            return random.choice(TEXTS)
        case "category":
            return random.choice(of.values or ())
        case "integer":
            return float(random.choice([0, 1, 2, 3, 11, 12, 13, -1, 2**53]))
    value = random.choice(EDGES)
    step = random.choice([None, None, math.inf, -math.inf])
    moved = value if step is None else math.nextafter(value, step)
    return moved if math.isfinite(moved) else value


class RandomExpressions:
    """Texts of expressions. Now and then one is refused by the checker: it is drawn again."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def boolean(self, depth: int) -> str:
        draw = self.random.random
        if depth <= 0 or draw() < 0.05:
            return self.random.choice([*OF_KIND["boolean"], self._comparison(0)])
        match self.random.randrange(8):
            case 0 | 1:
                word = self.random.choice([" and ", " or "])
                parts = [self.boolean(depth - 1) for _ in range(self.random.randint(2, 4))]
                return "(" + word.join(parts) + ")"
            case 2:
                return f"not({self.boolean(depth - 1)})"
            case 3:
                return (
                    f"(if {self.boolean(depth - 1)} then {self.boolean(depth - 1)}"
                    f" else {self.boolean(depth - 1)})"
                )
            case 4:
                name = self.random.choice(list(SCOPE))
                return f"({name} {self.random.choice(['=', '!='])} null)"
            case 5:
                return self._membership(depth)
        return self._comparison(depth)

    def _comparison(self, depth: int) -> str:
        op = self.random.choice(["=", "!=", "<", "<=", ">", ">="])
        match self.random.randrange(6):
            case 0 | 1:
                return f"({self.number(depth - 1)} {op} {self.number(depth - 1)})"
            case 2 | 3:
                return f"({self.money(depth - 1)} {op} {self.money_or_yuan(depth - 1)})"
            case 4:
                return f"({self.text(depth - 1)} {op} {self.text(depth - 1)})"
        same = self.random.choice(["=", "!="])
        if self.random.random() < 0.3:
            return f"({self.boolean(depth - 1)} {same} {self.boolean(0)})"
        return f'({self.random.choice(OF_KIND["category"])} {same} "{self.random.choice("AB丙")}")'

    def _membership(self, depth: int) -> str:
        choose = self.random.choice
        match self.random.randrange(4):
            case 0:
                return f'({choose(OF_KIND["category"])} in ("A", {choose(["not", ""])}("丙")))'
            case 1:
                ends = sorted([choose(NUMBERS), choose(NUMBERS)], key=float)
                return f"({self.number(depth - 1)} in {choose('[(')}{ends[0]}..{ends[1]}{choose('])')})"  # noqa: E501
            case 2:
                return f"({self.number(depth - 1)} between {self.number(0)} and {self.number(0)})"
        return f"({self.money(depth - 1)} in (< {choose(YUAN)}, >= {choose(YUAN)}, {choose(YUAN)}))"

    def number(self, depth: int) -> str:
        choose = self.random.choice
        names = [*OF_KIND["number"], *OF_KIND["ratio"], *OF_KIND["integer"]]
        if depth <= 0:
            return choose([choose(names), choose(names), choose(NUMBERS)])
        match self.random.randrange(9):
            case 0 | 1 | 2:
                return f"({self.number(depth - 1)} {choose('+-*/')} {self.number(depth - 1)})"
            case 3:
                return f"{choose(['min', 'max'])}({self.number(depth - 1)}, {self.number(depth - 1)}, {self.number(0)})"  # noqa: E501
            case 4:
                return f"(if {self.boolean(depth - 1)} then {self.number(depth - 1)} else {self.number(0)})"  # noqa: E501
            case 5:
                return f"({self.money(depth - 1)} / {self.money(depth - 1)})"
            case 6:
                name = choose(ROUNDERS)
                return f"{name}({self.number(depth - 1)}, {self.random.randint(-3, 4)})"
            case 7:
                return choose([f"abs({self.number(depth - 1)})", f"(- {self.number(depth - 1)})"])
        return choose([f"floor({self.number(depth - 1)})", f"ceiling({self.number(depth - 1)})"])

    def money(self, depth: int) -> str:
        choose = self.random.choice
        if depth <= 0:
            return choose(OF_KIND["money"])
        match self.random.randrange(7):
            case 0 | 1:
                return f"({self.money(depth - 1)} {choose('+-')} {self.money_or_yuan(depth - 1)})"
            case 2:
                return f"({self.money(depth - 1)} {choose('*/')} {self.number(depth - 1)})"
            case 3:
                return f"{choose(['min', 'max'])}({self.money(depth - 1)}, {self.money_or_yuan(0)}, {self.money(0)})"  # noqa: E501
            case 4:
                return f"(if {self.boolean(depth - 1)} then {self.money(depth - 1)} else {self.money_or_yuan(0)})"  # noqa: E501
            case 5:
                name = choose(ROUNDERS)
                return f"{name}({self.money(depth - 1)}, {self.random.randint(-5, 3)})"
        return choose([f"abs({self.money(depth - 1)})", f"(- {self.money(depth - 1)})"])

    def money_or_yuan(self, depth: int) -> str:
        return self.random.choice([self.money(depth), self.random.choice(YUAN)])

    def text(self, depth: int) -> str:
        choose = self.random.choice
        if depth > 0 and self.random.random() < 0.3:
            return f"(if {self.boolean(depth - 1)} then {self.text(0)} else {self.text(0)})"
        literal = json.dumps(choose(TEXTS), ensure_ascii=False)
        return choose([choose(OF_KIND["text"]), choose(OF_KIND["text"]), literal])

    def of_kind(self, kind: str, depth: int) -> str:
        return str(getattr(self, kind)(depth))
