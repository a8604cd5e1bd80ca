"""The command line: `chengxin …`. A group of lazily imported rooms, so that `--help` and small
commands start fast.
"""

from __future__ import annotations

import importlib
import sys

import click

from app.errors import ChengxinError

# name on the command line → (module, attribute, one line for --help); the order is the way of the
# data.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("app.commands.demo", "demo", "Make a simulated portfolio to try things on."),
    "waybills": ("app.commands.waybills", "waybills", "Import waybills; look at quarantine."),
    "features": ("app.commands.features", "features", "Build and export feature snapshots."),
    "data": ("app.commands.data", "data", "Check the quality of waybills; reports."),
    "eval": ("app.commands.evaluate", "evaluate", "Try an expression of the ruleset language."),
    "policy": (
        "app.commands.policy",
        "policy",
        "Check, test, publish, approve, activate a policy.",
    ),
    "dmn": ("app.commands.dmn", "dmn", "Run decision models of the DMN standard."),
    "scorecard": ("app.commands.scorecard", "scorecard", "Fit a scorecard to labelled data."),
    "monitor": ("app.commands.monitor", "monitor", "Compare two snapshots: what has drifted?"),
    "whitelist": ("app.commands.whitelist", "whitelist", "Judge a whole portfolio."),
    "decide": ("app.commands.decide", "decide_command", "Decide one merchant, explained."),
    "decision": ("app.commands.decide", "decision", "Show or replay a recorded decision."),
    "keys": ("app.commands.keys", "keys", "Create, list and revoke API keys."),
    "db": ("app.commands.db", "db", "Create and migrate the database."),
    "serve": ("app.commands.serve", "serve", "Serve the API."),
}


class LazyGroup(click.Group):
    """A click group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chengxin")
def chengxin() -> None:
    """Credit decisions for small wholesale merchants, from their waybills.

    Exit status: 0 fine, 1 the answer is no (a check or a case failed), 2 wrong use or bad input.
    """


def main() -> None:
    """Entry point of the console script: domain errors become one readable message and status 2."""
    try:
        # click hands the status of `Exit` back instead of raising it in this mode.
        answer = chengxin.main(standalone_mode=False)
        sys.exit(answer if isinstance(answer, int) else 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except ChengxinError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
