"""`chengxin scorecard fit`: labelled data comes in, a scorecard and a model card go out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import yaml
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from app.fitting.binning import BinningRules
from app.fitting.errors import BadData
from app.fitting.fit import Fit, Wishes, fit_scorecard
from app.fitting.frame import Wanted
from app.fitting.page import write_model_card
from app.fitting.points import Scale
from app.fitting.regression import Choice
from app.fitting.report import describe_fit
from app.fitting.writing import write_inputs, write_reasons
from app.policies.documents import read_file
from app.policies.reasons import read_reasons
from app.rules.catalogue import Input, read_catalogue
from app.rules.fields import NAME
from app.rules.problems import Problem, ProblemsFound
from app.settings import load_settings

MOST_POINTS = 1_000_000
CARD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("scorecard")
def scorecard() -> None:
    """Scorecards from labelled data."""


@scorecard.command("fit", short_help="Fit a scorecard to labelled data.")
@click.argument("data", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--target", required=True, help="The column that says bad (1) or good (0).")
@click.option("--bad-value", help="The value of the target that means bad, where it is not 1.")
@click.option("--id", "id_column", help="The merchant's column; its rows stay together.")
@click.option("--name", required=True, help="The scorecard's name.")
@click.option("--out", required=True, type=FILE, help="The scorecard to write (.yaml).")
@click.option("--card", type=FILE, help="The model card to write (.html; .json beside it).")
@click.option("--catalogue", type=FILE, help="catalogue.yaml; default: that of the rulesets.")
@click.option("--exclude", multiple=True, help="Columns to leave out (commas between).")
@click.option("--special-values", default="", help="Codes that are no amounts, as in -7,-8,-9.")
@click.option(
    "--special",
    type=click.Choice(["own", "missing"]),
    default="own",
    show_default=True,
    help="Give each special code its own bin, or the points of missing.",
)
@click.option(
    "--missing",
    type=click.Choice(["own", "worst"]),
    default="own",
    show_default=True,
    help="Missing earns what its rows say, or the worst bin's points.",
)
@click.option("--money", type=click.Choice(["fen", "yuan"]), default="fen", show_default=True)
@click.option("--pdo", type=click.FloatRange(0, min_open=True), default=20, show_default=True)
@click.option("--base-score", type=float, default=600, show_default=True)
@click.option("--base-odds", type=click.FloatRange(0, min_open=True), default=20, show_default=True)
@click.option(
    "--holdout", type=click.FloatRange(0, 0.9), default=0.3, show_default=True, help="Share."
)
@click.option("--date-column", help="The column with the day of each row.")
@click.option("--split-date", type=click.DateTime(["%Y-%m-%d"]), help="Hold out rows from then on.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--max-bins", type=click.IntRange(2, 50), help="At most so many bins of a number.")
@click.option("--min-iv", type=click.FloatRange(0), default=0.02, show_default=True)
@click.option("--max-correlation", type=click.FloatRange(0, 1), default=0.8, show_default=True)
@click.option("--most", type=click.IntRange(1), help="At most so many characteristics.")
@click.option("--reasons", type=FILE, help="YAML: column: REASON_CODE.")
@click.option("--write-reasons", type=FILE, help="Write a block for reasons.yaml there.")
@click.option("--write-inputs", "inputs_out", type=FILE, help="Write a block for catalogue.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print the model card as JSON.")
def fit(data: Path, out: Path, card: Path | None, as_json: bool, **given: Any) -> None:
    """Fit a scorecard to DATA (.csv or .parquet): monotone bins, logistic regression, whole points.

    The card is read back and scored by the rules engine before it is written. Higher scores are
    better. Needs the extra `fit`.
    """
    settings = load_settings()
    outs = _check_outs(out, card, given["write_reasons"], given["inputs_out"])
    catalogue = _read_catalogue(given["catalogue"] or settings.rulesets / "catalogue.yaml")
    wishes = _wishes(given)
    console = Console(stderr=True)
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *bars, console=console, transient=True, disable=as_json and not console.is_terminal
    ) as progress:
        task = progress.add_task("reading", total=None)
        found = fit_scorecard(
            data,
            wishes,
            catalogue,
            lambda done, total, what: progress.update(
                task, completed=done, total=total, description=f"binning {what}"
            ),
        )
    told = describe_fit(found)
    known = _known_reasons(settings.rulesets / "reasons.yaml")
    of = dict(zip(found.reasons, (one.name for one in found.regression.binnings), strict=True))
    told["new_reasons"] = [code for code in of if code not in known]
    told["new_inputs"] = [
        one.name for one in found.regression.binnings if not one.candidate.in_catalogue
    ]
    texts = {"out": found.text}
    texts["card"] = write_model_card(told) if card else ""
    texts["write_reasons"] = write_reasons(told["new_reasons"], of)
    texts["inputs_out"] = write_inputs(found.regression.binnings)
    for key, path in outs.items():
        _write(path, texts[key])
    if card is not None:
        _write(card.with_suffix(".json"), json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    _print(told, found)
    for path in outs.values():
        click.echo(f"written to {path}")


def _wishes(given: Mapping[str, Any]) -> Wishes:
    if not CARD_NAME.fullmatch(given["name"]):
        raise BadData(
            f"--name {given['name']}: a name has letters, digits, _ and -, and starts with a letter"
        )
    if given["split_date"] and not given["date_column"]:
        raise BadData("--split-date needs --date-column, the column that holds the dates")
    for option in ("pdo", "base_score", "base_odds"):
        if not abs(given[option]) <= MOST_POINTS:  # not a number either
            raise BadData(
                f"--{option.replace('_', '-')} {given[option]:g}: write a number up to"
                f" {MOST_POINTS:,}"
            )
    exclude = tuple(
        dict.fromkeys(
            name.strip() for text in given["exclude"] for name in text.split(",") if name.strip()
        )
    )
    wanted = Wanted(
        given["target"],
        given["bad_value"],
        given["id_column"],
        exclude,
        given["date_column"],
        given["money"] == "yuan",
    )
    rules = BinningRules(
        _read_codes(given["special_values"]),
        given["special"] == "own",
        given["missing"] == "own",
        given["max_bins"],
        given["money"] == "yuan",
    )
    split_date: datetime | None = given["split_date"]
    return Wishes(
        given["name"],
        wanted,
        rules,
        Choice(given["min_iv"], given["max_correlation"], given["most"]),
        Scale(given["pdo"], given["base_score"], given["base_odds"]),
        given["holdout"],
        split_date.date() if split_date else None,
        given["seed"],
        _read_mapping(given["reasons"]),
    )


def _read_codes(text: str) -> tuple[Decimal, ...]:
    codes = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            code = Decimal(part)
        except InvalidOperation:
            raise BadData(f"--special-values: '{part}' is no number; write -7,-8,-9") from None
        if not code.is_finite():
            raise BadData(f"--special-values: '{part}' is no number; it is missing as it is")
        codes.append(code)
    return tuple(dict.fromkeys(codes))


def _read_mapping(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadData(f"--reasons {path} cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(found, dict) or not all(
        isinstance(key, str) and isinstance(value, str) for key, value in found.items()
    ):
        raise BadData(f"--reasons {path}: write a line `column: REASON_CODE` for each")
    for column, code in found.items():
        if not NAME.fullmatch(code):
            raise BadData(
                f"--reasons {path}: the code '{code}' of '{column}' may have letters, digits and _"
                " only"
            )
    return found


def _read_catalogue(path: Path) -> dict[str, Input]:
    """The inputs; raises ProblemsFound."""
    problems: list[Problem] = []
    document = read_file(path, path.parent.parent, problems)
    found = read_catalogue(document, problems) if document is not None else {}
    if problems:
        raise ProblemsFound(problems)
    return found


def _known_reasons(path: Path) -> set[str]:
    document = read_file(path, path.parent.parent, [])
    return set(read_reasons(document, [])) if document is not None else set()


def _check_outs(
    out: Path, card: Path | None, reasons: Path | None, inputs: Path | None
) -> dict[str, Path]:
    """What is written where, known to be possible before the work begins."""
    for option, path, ending in (("--out", out, ".yaml"), ("--card", card, ".html")):
        if path is not None and path.suffix != ending:
            raise BadData(f"{option} {path}: end the file name in {ending}")
    named = {"out": out, "card": card, "write_reasons": reasons, "inputs_out": inputs}
    outs = {key: path for key, path in named.items() if path is not None}
    for path in outs.values():
        if not path.absolute().parent.is_dir():
            raise BadData(f"{path}: the folder {path.parent} does not exist; make it first")
    return outs


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadData(f"{path} cannot be written: {error.strerror}") from None


def _print(told: Mapping[str, Any], found: Fit) -> None:
    console = Console()
    quality = Table("", "rows", "bad", "bad rate", "AUC", "Gini", "KS", box=box.SIMPLE_HEAD)
    for name, one in told["samples"].items():
        measures = ["–" if one[key] is None else f"{one[key]:.4f}" for key in ("auc", "gini", "ks")]
        quality.add_row(
            name, f"{one['rows']:,}", f"{one['bad']:,}", f"{one['bad_rate']:.2%}", *measures
        )
    console.print(quality)
    for name, one in told["rounding"].items():
        if one:
            click.echo(
                f"rounding to whole points costs ({name}): AUC {one['auc_cost']:+.5f},"
                f" KS {one['ks_cost']:+.5f}"
            )
    psi = told["psi_train_test"]
    if psi:
        click.echo(f"PSI train to test: {psi['psi']:.4f} ({psi['verdict']})")
    rows = Table(
        Column("characteristic", overflow="fold"),
        *("IV", "coefficient", "bins", "points"),
        Column("reason", overflow="fold"),
        box=box.SIMPLE_HEAD,
    )
    for one in told["characteristics"]:
        points = [group["points"] for group in one["bins"]]
        rows.add_row(
            one["name"],
            f"{one['iv']:.3f}",
            f"{one['coefficient']:.3f}",
            str(len(points)),
            f"{min(points)} … {max(points)}",
            one["reason"],
        )
    console.print(rows)
    for name, why in told["left_out"].items():
        click.echo(f"left out {name}: {why}")
    for warning in told["warnings"]:
        click.echo(f"warning: {warning}")
    if told["new_inputs"]:
        click.echo(f"catalogue.yaml lacks: {', '.join(told['new_inputs'])} (see --write-inputs)")
    if told["new_reasons"]:
        click.echo(f"reasons.yaml lacks: {', '.join(told['new_reasons'])} (see --write-reasons)")
