"""Whole models through the command line: boxed expressions, services, imports, messages."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.commands.dmn import dmn
from app.dmn.errors import DmnError

HEAD = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="{}">{}'
    "</definitions>"
)


def text(feel: str) -> str:
    escaped = feel.replace("&", "&amp;").replace("<", "&lt;")
    return f"<literalExpression><text>{escaped}</text></literalExpression>"


def decision(name: str, body: str, needs: str = "", kind: str = "") -> str:
    links = "".join(
        f'<informationRequirement><required{"Input" if n[0] == "i" else "Decision"} href="#{n}"/>'
        "</informationRequirement>"
        for n in needs.split()
        if n[0] in "id"
    )
    links += "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{n}"/></knowledgeRequirement>'
        for n in needs.split()
        if n[0] in "bs"
    )
    typed = f' typeRef="{kind}"' if kind else ""
    return (
        f'<decision name="{name}" id="d_{name}"><variable name="{name}"{typed}/>{links}{body}'
        "</decision>"
    )


def given_input(name: str, kind: str = "") -> str:
    typed = f' typeRef="{kind}"' if kind else ""
    return f'<inputData name="{name}" id="i_{name}"><variable name="{name}"{typed}/></inputData>'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.dmn"


def run(
    file: Path, *parts: str, given: Any = None, only: str = "", space: str = "n"
) -> dict[str, Any]:
    if parts:
        file.write_text(HEAD.format(space, "".join(parts)))
    arguments = ["run", str(file), "--json", "--given", json.dumps(given or {})]
    arguments += ["--decision", only] if only else []
    result = CliRunner().invoke(dmn, arguments, catch_exceptions=False)
    answer: dict[str, Any] = json.loads(result.stdout, parse_float=Decimal)
    return answer


def value(file: Path, body: str, **given: Any) -> Any:
    return run(file, decision("x", body), given=given)["decisions"]["x"]


def test_numbers_keep_their_34_digits(file: Path) -> None:
    answer = run(file, given_input("n", "number"), decision("x", text("n + 0.1"), "i_n"),
                 given={"n": 12345678901234567890})  # fmt: skip
    assert answer["decisions"]["x"] == Decimal("12345678901234567890.1")
    third = value(file, text("1 / 3"))
    assert third == Decimal("0." + "3" * 34)


def test_a_json_number_has_one_text(file: Path) -> None:
    parts = (given_input("n"), decision("x", text("string(n)"), "i_n"))
    assert run(file, *parts, given={"n": 2.0})["decisions"]["x"] == "2"
    assert run(file, given={"n": 2.50})["decisions"]["x"] == "2.5"
    assert run(file, given={"n": 10.0})["decisions"]["x"] == "10"


@pytest.mark.parametrize(
    ("feel", "wanted"),
    [('@"2024-01-31"', "2024-01-31"), ('@"P14M"', "P1Y2M"), ("[1..2]", "[1..2]"),
     ("{a: [null, true]}", {"a": [None, True]}), ("1.50", Decimal("1.5")),
     ('@"10:00:00+00:00"', "10:00:00Z"), ("function(a) a", "function(a)"), ("10 ** 2", 100)],
)  # fmt: skip
def test_every_kind_of_value_has_its_json(file: Path, feel: str, wanted: Any) -> None:
    assert value(file, text(feel)) == wanted


@pytest.mark.parametrize(
    ("boxed", "wanted"),
    [
        ("<conditional><if>{}</if><then>{}</then><else>{}</else></conditional>", ["1 > 0", 1, 2]),
        ("<filter><in>{}</in><match>{}</match></filter>", ["[1,2,3]", "item > 1", [2, 3]]),
        ('<for iteratorVariable="i"><in>{}</in><return>{}</return></for>',
         ["[1..3]", "i + count(partial)", [1, 3, 5]]),
        ('<some iteratorVariable="i"><in>{}</in><satisfies>{}</satisfies></some>',
         ["[1,2]", "i = 2", True]),
        ('<every iteratorVariable="i"><in>{}</in><satisfies>{}</satisfies></every>',
         ["[1,2]", "i = 2", False]),
        ("<list>{}{}</list>", ["1", "1 + 1", [1, 2]]),
    ],
)  # fmt: skip
def test_boxed_expressions(file: Path, boxed: str, wanted: list[Any]) -> None:
    if "conditional" in boxed:
        assert value(file, boxed.format(text("1 > 0"), text("1"), text("2"))) == 1
        assert value(file, boxed.format(text("null"), text("1"), text("2"))) == 2
        assert value(file, boxed.format(text('"yes"'), text("1"), text("2"))) is None
        return
    *parts, result = wanted
    assert value(file, boxed.format(*map(text, parts))) == result


def test_a_boxed_filter_or_quantifier_wants_true_or_false(file: Path) -> None:
    odd = text('if item = 1 then true else "x"')
    assert value(file, f"<filter><in>{text('[1,2]')}</in><match>{odd}</match></filter>") is None
    odd = text('if i = 1 then true else "x"')
    some = f'<some iteratorVariable="i"><in>{text("[1,2]")}</in><satisfies>{odd}</satisfies></some>'
    assert value(file, some) is None


def test_the_type_of_a_boxed_expression_is_checked(file: Path) -> None:
    typed = '<literalExpression typeRef="{}"><text>[1]</text></literalExpression>'
    assert value(file, typed.format("number")) == 1
    answer = run(file, decision("x", typed.format("string")))
    assert answer["decisions"]["x"] is None
    assert answer["messages"] == ["'x': 'the value' is the list [1], not of the type string"]


TYPES = (
    '<itemDefinition name="tAge"><typeRef>number</typeRef><allowedValues><text>[0..120]</text>'
    '</allowedValues></itemDefinition><itemDefinition name="tPerson"><itemComponent name="born">'
    '<typeRef>date</typeRef></itemComponent><itemComponent name="age"><typeRef>tAge</typeRef>'
    "</itemComponent></itemDefinition>"
    '<itemDefinition name="tAges" isCollection="true"><typeRef>tAge</typeRef></itemDefinition>'
)


def test_item_definitions_type_the_inputs(file: Path) -> None:
    parts = (TYPES, given_input("p", "tPerson"), decision("y", text("p.born.year"), "i_p"))
    good = run(file, *parts, given={"p": {"born": "1990-05-01", "age": 30}})
    assert good == {"decisions": {"y": 1990}, "messages": []}
    bad = run(file, given={"p": {"born": "1990-05-01", "age": 130}})
    assert bad["decisions"]["y"] is None
    assert "not of the type tPerson" in bad["messages"][0]
    assert run(file, given={"p": {"born": "01.05.1990", "age": 30}})["decisions"]["y"] is None


def test_allowed_values_are_named(file: Path) -> None:
    answer = run(file, TYPES, given_input("a", "tAge"), decision("x", text("a"), "i_a"),
                 given={"a": 121})  # fmt: skip
    assert answer["messages"] == [
        "'x': 'a': 'a' is the number 121, not of the type tAge; allowed are [0..120]"
    ]


def test_a_value_becomes_a_list_and_a_single_item_a_value(file: Path) -> None:
    parts = (TYPES, given_input("a", "tAges"), given_input("b", "number"),
             decision("x", text("count(a) + b"), "i_a i_b"))  # fmt: skip
    assert run(file, *parts, given={"a": 5, "b": [7]})["decisions"]["x"] == 8


def test_instance_of_an_item_definition_asks_for_its_parts_not_its_limits(file: Path) -> None:
    parts = (TYPES, decision("x", text("121 instance of tAge")),
             decision("y", text('{born: @"2000-01-01"} instance of tPerson')))  # fmt: skip
    assert run(file, *parts)["decisions"] == {"x": True, "y": False}


def test_a_text_is_a_date_where_no_type_is_declared(file: Path) -> None:
    parts = (given_input("d"), given_input("t", "string"),
             decision("x", text("[d.year, string length(t)]"), "i_d i_t"))  # fmt: skip
    given = {"d": "2024-01-31", "t": "2024-01-31"}
    assert run(file, *parts, given=given)["decisions"]["x"] == [2024, 10]


def test_an_unknown_type_is_told_and_does_not_hold(file: Path) -> None:
    answer = run(file, decision("x", text("1"), kind="tMissing"))
    assert answer["decisions"]["x"] == 1
    assert answer["messages"] == [
        "'x': there is no type 'tMissing'; 'the decision' is taken as it is"
    ]


BKM = (
    '<businessKnowledgeModel name="b" id="b"><variable name="b"/><encapsulatedLogic>'
    '<formalParameter name="n" typeRef="number"/>{}</encapsulatedLogic>'
    '<knowledgeRequirement><requiredKnowledge href="#b"/></knowledgeRequirement>'
    "</businessKnowledgeModel>"
)


def test_a_function_calls_itself_and_an_endless_one_gives_null(file: Path) -> None:
    model = BKM.format(text("if n = 0 then 0 else 1 + b(n - 1)"))
    answer = run(file, model, decision("x", text("b(500)"), "b"), decision("y", text("b(-1)"), "b"))
    assert answer["decisions"] == {"x": 500, "y": None}
    assert answer["messages"] == ["'y': a function calls itself too often"]


def test_an_invocation_binds_by_name(file: Path) -> None:
    binding = '<invocation>{}<binding><parameter name="{}"/>{}</binding></invocation>'
    model = BKM.format(text("n * 2"))
    for name, wanted in (("n", 8), ("m", None)):
        body = binding.format(text("b"), name, text("4"))
        assert run(file, model, decision("x", body, "b"))["decisions"]["x"] == wanted


def test_a_java_function_gives_null_and_says_so(file: Path) -> None:
    java = 'function(a) external {java: {class: "java.lang.Math", method signature: "abs(int)"}}'
    answer = run(file, decision("x", text("{f: " + java + ", r: f(-1)}.r")))
    assert answer["decisions"]["x"] is None
    assert "external functions (Java, PMML) are not run" in answer["messages"][0]


SERVICE = (
    '<decisionService name="s" id="s"><variable name="s"/><outputDecision href="#d_sum"/>'
    '<inputDecision href="#d_left"/><inputData href="#i_right"/></decisionService>'
)


def test_a_decision_service_is_called_and_run(file: Path) -> None:
    parts = (given_input("right", "number"), decision("left", text("1"), kind="number"),
             decision("sum", text("left * 10 + right"), "d_left i_right"), SERVICE,
             decision("x", text("s(5, 7)"), "s"),
             decision("y", text('s(right: 5, left: "a")'), "s"))  # fmt: skip
    answer = run(file, *parts, given={"right": 2})
    assert answer["decisions"] == {"left": 1, "sum": 12, "x": 75, "y": None}
    assert run(file, given={"right": 2, "left": 3}, only="s")["decisions"] == {"s": 32}
    assert run(file, given={"right": 2}, only="s")["decisions"] == {"s": None}


def test_an_imported_model_lies_beside(file: Path) -> None:
    other = TYPES + given_input("n", "number") + decision("twice", text("n * 2"), "i_n")
    other += BKM.format(text("n + 1"))
    (file.parent / "other.dmn").write_text(HEAD.format("urn:other", other))
    kind = "https://www.omg.org/spec/DMN/20230324/MODEL/"
    link = '<import name="o" namespace="urn:other" importType="' + kind + '"/>'
    body = (
        '<decision name="x" id="d_x"><variable name="x" typeRef="o.tAge"/><informationRequirement>'
        '<requiredDecision href="urn:other#d_twice"/></informationRequirement>'
        '<knowledgeRequirement><requiredKnowledge href="urn:other#b"/></knowledgeRequirement>'
        + text("o.b(o.twice)")
        + "</decision>"
    )
    assert run(file, link, body, given={"n": 4})["decisions"] == {"x": 9}
    assert run(file, given={"n": 400})["decisions"] == {"x": None}
    (file.parent / "other.dmn").unlink()
    with pytest.raises(DmnError, match=r"the imported model 'o' \(urn:other\) is not in"):
        run(file)


TABLE = (
    '<decisionTable hitPolicy="{}"><input label="Age"><inputExpression><text>a</text>'
    '</inputExpression></input><output name="out"/>{}</decisionTable>'
)


def rule(cell: str, output: str) -> str:
    return (
        f"<rule><inputEntry><text>{cell}</text></inputEntry>"
        f"<outputEntry><text>{output}</text></outputEntry></rule>"
    )


@pytest.mark.parametrize(
    ("policy", "rules", "message"),
    [
        ("UNIQUE", [("-", "1"), ("5", "2")], "the table is UNIQUE, but the rules 1, 2 fit"),
        ("ANY", [("-", "1"), ("5", "2")],
         "the table is ANY, but the rules 1, 2 give different outputs"),
        ("UNIQUE", [("4 +", "1")],
         "rule 1, column 'Age': FEEL '4 +', character 4: a name is missing before 'the end of the"
         " text'"),
        ("UNIQUE", [("-", "nothing")], "rule 1, output 'out': there is no 'nothing' here"),
        ("UNIQUE", [('abs("x") = 1', "1")],
         "rule 1, column 'Age': abs: the function takes abs(n: number|years and months "
         "duration|days and time duration); given: string"),
        ("WRONG", [("-", "1")], "there is no hit policy 'WRONG'"),
    ],
)  # fmt: skip
def test_a_table_names_its_rule_and_column(
    file: Path, policy: str, rules: list[tuple[str, str]], message: str
) -> None:
    table = TABLE.format(policy, "".join(rule(*cells) for cells in rules))
    answer = run(file, given_input("a"), decision("x", table, "i_a"), given={"a": 5})
    assert answer["decisions"]["x"] is None
    assert f"'x': {message}" in answer["messages"]


@pytest.mark.parametrize(
    ("cell", "fits"),
    [("? > 4 and ? &lt; 6", True), ("not(5)", False), ("not(1, 2)", True), ("even(?)", False),
     ("[5..6[", True), ("&lt; 5, 5", True), ("[1, 5]", True), ("null", False), ("-", True),
     ("a", True), ("!= 5", False), ("a > 4", True), ("a > 5", False)],
)  # fmt: skip
def test_the_cell_of_a_table(file: Path, cell: str, fits: bool) -> None:
    table = TABLE.format("UNIQUE", rule(cell, "true"))
    answer = run(file, given_input("a"), decision("x", table, "i_a"), given={"a": 5})
    assert answer["decisions"]["x"] is (True if fits else None)


def test_one_broken_decision_leaves_the_others(file: Path) -> None:
    answer = run(file, decision("x", text("1 +")), decision("y", text("2")), decision("z", ""))
    assert answer["decisions"] == {"x": None, "y": 2, "z": None}
    assert answer["messages"] == [
        "'x': FEEL '1 +', character 4: a name is missing before 'the end of the text'",
        "'z': the decision has no logic",
    ]


def test_a_missing_input_is_an_error_of_that_decision(file: Path) -> None:
    parts = (given_input("a"), decision("x", text("a"), "i_a"), decision("y", text("2")))
    answer = run(file, *parts)
    assert answer["decisions"] == {"x": None, "y": 2}
    assert "the input 'a' is missing" in answer["messages"][0]
    with pytest.raises(DmnError, match="the input 'a' is missing"):
        run(file, only="x")
    assert run(file, given={"a": None}, only="x") == {"decisions": {"x": None}, "messages": []}


@pytest.mark.parametrize("given", ["[]", "{", '{"a": NaN}', '{"a": 1e99999999999999999999}'])
def test_inputs_that_are_no_object_are_refused(file: Path, given: str) -> None:
    file.write_text(HEAD.format("n", decision("x", text("1"))))
    with pytest.raises(DmnError, match="--given"):
        CliRunner().invoke(dmn, ["run", str(file), "--given", given], catch_exceptions=False)


def test_inputs_and_answers_may_be_nested_but_not_without_end(file: Path) -> None:
    file.write_text(
        HEAD.format("n", given_input("i") + decision("x", text("count(flatten(i))"), "i_i"))
    )
    for depth in (400, 40_000):
        arguments = ["run", str(file), "--given", '{"i": ' + "[" * depth + "7" + "]" * depth + "}"]
        result = CliRunner().invoke(dmn, arguments)
        if depth == 400:
            assert json.loads(result.stdout) == {"x": 1}
        else:
            assert str(result.exception) == "the inputs or the answer are nested too deeply"


def test_what_takes_too_long_is_null(file: Path) -> None:
    answer = run(file, decision("x", text("for i in 1..99999999 return i")))
    assert answer == {
        "decisions": {"x": None},
        "messages": ["'x': an iteration has too many turns"],
    }


def test_models_that_import_each_other_are_refused(file: Path) -> None:
    kind = "https://www.omg.org/spec/DMN/20230324/MODEL/"
    link = '<import name="o" namespace="{}" importType="' + kind + '"/>'
    (file.parent / "b.dmn").write_text(HEAD.format("urn:b", link.format("urn:a")))
    with pytest.raises(DmnError, match="the imports lead back"):
        run(file, link.format("urn:b"), space="urn:a")
