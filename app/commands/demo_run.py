"""`chengxin demo run`: an empty or half-made home comes in; a portfolio that can be asked goes out.

Every step is one of the commands that anybody can call, run in this process with --json, and says
in one line what it came to. A step whose result is there already costs next to nothing, because
the commands know by content what they have done.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from app.demo.facts import CLEAN
from app.demo.plan import Plan, describe_plan, last_full_month, make_plan, read_plan
from app.demo.seasons import first_day, name_month
from app.demo.write import Report, extend_portfolio, write_portfolio
from app.errors import ChengxinError
from app.settings import Settings
from app.storage.api_keys import SCOPES, create_key, find_key, split_token
from app.storage.connection import connect

SOURCE = "demo"
PRODUCTS = ("wuliudai", "fapiaodai")
PRODUCT = PRODUCTS[0]  # the one that carriers' waybills are made for
AUTHOR, APPROVER = "demo-analyst", "demo-officer"
WORKERS = 2  # processes that make waybills
TIERS_TO_SHOW = ("B", "A", "C", "D")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo is made and how much of it."""

    settings: Settings
    today: date
    merchants: int
    months: int
    seed: int

    @property
    def folder(self) -> Path:
        """The simulated portfolio."""
        return self.settings.home / "demo"

    @property
    def as_of(self) -> date:
        """The first day of this month: the months before it are whole."""
        return first_day(last_full_month(self.today) + 1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A merchant worth asking about, as the whitelist has it."""

    merchant_id: str
    tier: str
    limit_fen: int


def prepare(demo: Demo, console: Console) -> tuple[str, Candidate | None]:
    """Do all steps; the API key's token and a merchant to ask about come out.

    Raises ChengxinError where a step cannot be done.
    """
    steps: tuple[tuple[str, Callable[[Demo, Tell], str]], ...] = (
        ("database", _migrate),
        ("waybills", _simulate),
        ("import", _import),
        ("features", _build_features),
        ("policies", _release_policies),
        ("whitelist", _build_whitelist),
    )
    for name, step in steps:
        with _one_line(console, name) as (tell, lines):
            lines.append(step(demo, tell))
    with _one_line(console, "API key") as (_, lines):
        token, line = _find_or_make_key(demo)
        lines.append(line)
    return token, choose_candidate(_whitelist_path(demo, PRODUCT))


@contextlib.contextmanager
def _one_line(console: Console, name: str) -> Iterator[tuple[Tell, list[str]]]:
    """Shows that a step is under way, then what it came to and how long it took."""
    started, lines = time.monotonic(), list[str]()
    with console.status(f"{name} …") as status:
        yield lambda text: status.update(f"{name}: {text}"), lines
    seconds = time.monotonic() - started
    line = f"  {name:<10} {escape(' '.join(lines))}  [dim]{seconds:.1f} s[/dim]"
    console.print(line, highlight=False, soft_wrap=True)


def call(*words: str) -> Any:
    """Run `chengxin WORDS --json` in this process and give what it printed.

    Raises ChengxinError; StepFailed when the command's answer is no.
    """
    command, printed = _find_command(words[0]), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()) as told:
        status = command.main([*words[1:], "--json"], words[0], standalone_mode=False)
    if status:
        said = told.getvalue().strip() or printed.getvalue().strip()
        raise StepFailed(f"chengxin {shlex.join(words)} says no: {said}")
    return json.loads(printed.getvalue() or "null")


def _find_command(name: str) -> click.Command:
    """The commands that the steps are made of; read when the demo runs, for they are many."""
    from app.commands.db import db
    from app.commands.features import features
    from app.commands.policy import policy
    from app.commands.waybills import waybills
    from app.commands.whitelist import whitelist

    known: tuple[click.Command, ...] = (db, waybills, features, policy, whitelist)
    return next(command for command in known if command.name == name)


class StepFailed(ChengxinError):
    """A step of the demo could not be done; the message has the command and what it said."""


def _migrate(demo: Demo, tell: Tell) -> str:
    applied = call("db", "migrate")["applied"]
    place = demo.settings.database_url.rpartition("@")[2]
    return f"{place}: " + (f"{len(applied)} migrations applied" if applied else "up to date")


def _simulate(demo: Demo, tell: Tell) -> str:
    """Make the portfolio, or add the months that have passed since it was made."""
    plan = read_plan(demo.folder)
    if plan is None:
        plan = make_plan(demo.merchants, demo.months, demo.seed, None, demo.today)
        write_portfolio(plan, demo.folder, _in_words(tell), WORKERS)
        _lay_lists(demo)
        return describe_plan(plan)
    asked = (demo.merchants, demo.months, demo.seed)
    if (plan.merchants, plan.months, plan.seed) != asked:
        raise StepFailed(
            f"{demo.folder} holds another portfolio ({describe_plan(plan)}); to start anew remove"
            f" {demo.settings.home}, or set CHENGXIN_HOME to another folder"
        )
    extend_portfolio(demo.folder, last_full_month(demo.today), _in_words(tell), WORKERS)
    _lay_lists(demo)
    return describe_plan(plan) + _describe_extension(plan, demo.today)


def _lay_lists(demo: Demo) -> None:
    """Copy the blacklist, the carriers' staff and the distances of the portfolio to the home, where
    builds look for them; a list that a person has changed there stays.
    """
    folder = demo.settings.home / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((demo.folder / "reference").glob("*.csv")):
        with contextlib.suppress(FileExistsError), (folder / path.name).open("xb") as file:
            file.write(path.read_bytes())


def _in_words(tell: Tell) -> Report:
    return lambda name, done, of: tell(f"{name}, {done} of {of} months")


def _describe_extension(plan: Plan, today: date) -> str:
    last = last_full_month(today)
    return f", continued to {name_month(last)}" if last > plan.end else ""


def _import(demo: Demo, tell: Tell) -> str:
    """Import the files whose content the lake's ledger does not have."""
    files = sorted(demo.folder.glob("waybills-*.parquet"))
    known = {entry["sha256"] for entry in call("waybills", "imports")}
    new = [path for path in files if hashlib.sha256(path.read_bytes()).hexdigest() not in known]
    if not new:
        return f"nothing new in {len(files)} files"
    taken, repeated = 0, 0
    for number, path in enumerate(new, start=1):
        tell(f"{path.name}, {number} of {len(new)}")
        report = call("waybills", "import", str(path), "--source", SOURCE, "--history")
        taken, repeated = taken + report["new"], repeated + report["duplicate"]
    return f"{taken:,} waybills from {len(new)} files, {repeated:,} repeated"


def _build_features(demo: Demo, tell: Tell) -> str:
    """A demo shows its data even where a check of them would hold them back: it says so."""
    words = ("--despite", "the demo shows what it made", "--by", APPROVER)
    built = call("features", "build", "--as-of", demo.as_of.isoformat(), *words)
    line = f"as of {demo.as_of}: {built['counts']['merchants']:,} merchants"
    if built["quality"]["findings"] or built["quality"]["accepted"]:
        report = f"chengxin data report --as-of {demo.as_of} --out report.html"
        line += f"; their data are not as expected: {report}"
    return line


def _release_policies(demo: Demo, tell: Tell) -> str:
    lines = []
    for product in PRODUCTS:
        tell(product)
        lines.append(_release_policy(product))
    return ", ".join(lines)


def _release_policy(product: str) -> str:
    """Publish the files as they are, and activate them unless a person has decided otherwise.

    A release that was retired or rolled back by hand stays so; only new content, or a product
    without an active release, is brought through approval.
    """
    active = _active_number(product)
    words = ("--by", AUTHOR, "--why", "the files as the demo found them")
    try:
        published = call("policy", "publish", product, *words)
    except StepFailed:
        # Somebody is in the middle of an edit: what decided before goes on deciding.
        if active is None:
            raise
        check = f"chengxin policy check {product} and policy test {product} say what is wrong"
        return f"{product} release {active} (the files cannot be published: {check})"
    number, status = published["number"], published["status"]
    if published["is_new"] or active is None:
        if status == "published":
            words = ("--by", APPROVER, "--despite", "the demo's files, as they are shipped")
            call("policy", "approve", product, str(number), *words)
        if status != "active":
            call("policy", "activate", product, str(number), "--by", APPROVER)
        active = number
    return f"{product} release {active}"


def _active_number(product: str) -> int | None:
    rows = call("policy", "list").get(product, [])
    return next((row["number"] for row in rows if row["status"] == "active"), None)


def _build_whitelist(demo: Demo, tell: Tell) -> str:
    path = _whitelist_path(demo, PRODUCT)
    words = ("--policy", PRODUCT, "--as-of", demo.as_of.isoformat(), "--out", str(path))
    call("whitelist", "build", *words)
    counts = Counter(row["outcome"] for row in _read_whitelist(path))
    outcomes = ", ".join(f"{counts[name]:,} {name}" for name in ("approve", "refer", "decline"))
    return f"{PRODUCT}: {outcomes}"


def _read_whitelist(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _whitelist_path(demo: Demo, product: str) -> Path:
    return demo.folder / f"whitelist-{product}.csv"


def _find_or_make_key(demo: Demo) -> tuple[str, str]:
    """The token in `demo.key` if the database still admits it, else a new one, readable by its
    owner only.
    """
    database = connect(demo.settings)
    path = demo.settings.home / "demo.key"
    token = path.read_text(encoding="ascii").strip() if path.exists() else ""
    parts = split_token(token)
    stored = find_key(database, parts[0]) if parts else None
    if parts and stored and stored.admits(parts[1]):
        return token, f"kept in {path}"
    _, token = create_key(database, "demo", list(SCOPES))
    part = path.with_name(f".demo.key.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
    part.replace(path)
    return token, f"written to {path}"


def choose_candidate(path: Path) -> Candidate | None:
    """An approved merchant in the middle of its tier's limits, a B where there is one."""
    approved = [row for row in _read_whitelist(path) if row["outcome"] == "approve"]
    for tier in TIERS_TO_SHOW:
        limits = sorted(
            (int(r["limit_fen"]), r["merchant_id"]) for r in approved if r["tier"] == tier
        )
        if limits:
            limit_fen, merchant_id = limits[len(limits) // 2]
            return Candidate(merchant_id, tier, limit_fen)
    return None


def explain(demo: Demo, token: str, candidate: Candidate | None, address: str) -> str:
    """What to paste and what else to try, once the API is served at `address`."""
    merchant_id = candidate.merchant_id if candidate else "M000035"
    amount = max(1_000, candidate.limit_fen // 200_000 * 1_000) if candidate else 20_000
    body = {
        "policy": PRODUCT,
        "merchant_id": merchant_id,
        "purpose": "drawdown",
        "amount": amount,
        "facts": CLEAN,
    }
    facts = demo.folder / "facts" / f"{merchant_id}.json"
    facts.write_text(json.dumps(CLEAN, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    on = demo.as_of.isoformat()
    return f"""
The API key: {token}

Ask for a decision (in another terminal):

curl -sS {address}/v1/decisions \\
  -H 'Authorization: Bearer {token}' \\
  -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: $(date +%s%N)" \\
  -d '{json.dumps(body, ensure_ascii=False)}'

More to try:

  {address}/docs
      the API, described and ready to be tried
  .venv/bin/chengxin decide {merchant_id} --policy {PRODUCT} --facts {_short(facts)}
      the same question on the command line, explained; change a fact in the file and ask again
  .venv/bin/chengxin decision replay ID
      a decision judged again, ID is in its answer; `decision show ID` for reading
  .venv/bin/chengxin features show {merchant_id} --as-of {on}
      what the waybills say about the merchant
  column -s, -t {_short(_whitelist_path(demo, PRODUCT))} | less -S
      the whole portfolio, judged; {_short(demo.folder)}/merchants.csv and truth.csv say what each
      merchant really is, loans.csv what became of loans to them
  .venv/bin/chengxin policy check {PRODUCT}
      after an edit of rulesets/{PRODUCT}/admission.yaml; `policy test` runs its cases,
      and the next `make run` publishes and activates what changed
"""


def _short(path: Path) -> str:
    """The path as one would type it here."""
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))
