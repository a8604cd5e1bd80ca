"""What an analyst waits for at the command line: `policy check` and `policy test` of both shipped
products, and `policy prove`, each as a whole process from the start of Python to its end.

The targets are seconds: 3 for check and test together, 60 for prove. The ratio beside them is
against a floor of the same run: a process that starts Python, imports the same modules, and ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

from app.policies.documents import list_products
from benchmarks._merchants import ROOT
from benchmarks.table import Row

CHECK_AND_TEST_S, PROVE_S = 3.0, 60.0
COMMANDS = "import app.cli, app.commands.policy"
SOLVER = f"{COMMANDS}, app.proofs.prove"


def run(smoke: bool) -> list[Row]:
    """Medians of processes that take turns. A smoke run starts each once, and proves one product
    with little time for each statement, so that an open one is no failure.
    """
    rounds = 1 if smoke else 7
    checks, tests, starts = zip(*[_check_and_test() for _ in range(rounds)], strict=True)
    check, test, start = median(checks), median(tests), median(starts)
    both = median(one + other for one, other in zip(checks, tests, strict=True))
    products = list_products(ROOT / "rulesets")
    what = f"{len(products)} products"
    words = ["prove", products[0], "--timeout", "1"] if smoke else ["prove"]
    statuses = (0, 1) if smoke else (0,)
    pairs = [(_policy(words, statuses), _python(SOLVER)) for _ in range(1 if smoke else 3)]
    proofs, loads = zip(*pairs, strict=True)
    prove, load = median(proofs), median(loads)
    started = "against the start of Python with the same imports"
    return [
        Row(
            f"policy check + policy test, {what}",
            CHECK_AND_TEST_S,
            both,
            both / CHECK_AND_TEST_S,
            1,
            f"against 3 s; {check:.2f} s + {test:.2f} s, two processes",
        ),
        Row("policy check: against its start", start, check, check / start, None, started),
        Row("policy test: against its start", start, test, test / start, None, started),
        Row(
            f"policy prove, {'1 product' if smoke else what}",
            PROVE_S,
            prove,
            prove / PROVE_S,
            1,
            "against 60 s",
        ),
        Row("policy prove: against its start", load, prove, prove / load, None, started),
    ]


def _check_and_test() -> tuple[float, float, float]:
    return _policy(["check"]), _policy(["test"]), _python(COMMANDS)


def _policy(words: Sequence[str], statuses: Sequence[int] = (0,)) -> float:
    """Seconds of `chengxin policy …` on the shipped files."""
    return _start([sys.executable, "-m", "app.cli", "policy", *words], statuses)


def _python(code: str) -> float:
    return _start([sys.executable, "-c", code], (0,))


def _start(command: Sequence[str], statuses: Sequence[int]) -> float:
    """Seconds from the start of a process to its end. Raises RuntimeError for another status."""
    shipped = {
        "CHENGXIN_RULESETS": str(ROOT / "rulesets"),
        "CHENGXIN_SCORECARDS": str(ROOT / "scorecards"),
    }
    started = time.perf_counter()
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **shipped}, capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    if told.returncode not in statuses:
        raise RuntimeError(
            f"{' '.join(command[2:])}: {told.returncode}\n{told.stdout}{told.stderr}"
        )
    return seconds
