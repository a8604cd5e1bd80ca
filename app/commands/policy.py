"""`chengxin policy`: an analyst's files in, findings out; and the steps of a release's life."""

from __future__ import annotations

import click

from app.commands import (
    policy_audit,
    policy_beside,
    policy_cases,
    policy_check,
    policy_compare,
    policy_evidence,
    policy_exchange,
    policy_files,
    policy_prove,
    policy_releases,
    policy_schema,
    policy_simulate,
    policy_watch,
)
from app.commands.policy_common import AS_JSON
from app.policies.documents import list_products
from app.settings import Settings, load_settings


@click.group("policy")
def policy() -> None:
    """Check, test, publish, approve, activate a policy.

    PRODUCT is a folder of CHENGXIN_RULESETS, for example wuliudai.
    """


policy.add_command(policy_simulate.diff)
policy.add_command(policy_simulate.simulate)
policy.add_command(policy_watch.watch)
policy.add_command(policy_prove.prove_command)


@policy.command("check", short_help="Find every mistake in the files.")
@click.argument("product", required=False)
@click.option("--errors-only", is_flag=True, help="Look for errors alone, not for warnings.")
@AS_JSON
def check(product: str | None, errors_only: bool, as_json: bool) -> None:
    """Find every mistake in the files of PRODUCT (or of all), with file, line and column.

    Errors keep a policy from being published. Warnings are what is right as a text and hardly
    meant: a rule that is never hit, a row that is never reached, an input that nothing reads.
    What is meant stands in accepted.yaml with its reason.
    """
    settings = load_settings()
    click.get_current_context().exit(
        policy_check.check(_products(settings, product), settings, as_json, errors_only)
    )


@policy.command("test", short_help="Run the cases, in three evaluators.")
@click.argument("product", required=False)
@click.option("--require-coverage", is_flag=True, help="Fail where no case reaches a part.")
@click.option(
    "--mutate",
    "with_mutants",
    is_flag=True,
    help="Change the policy in every small way, and fail where no case notices.",
)
@AS_JSON
def test(product: str | None, require_coverage: bool, with_mutants: bool, as_json: bool) -> None:
    """Run the cases of PRODUCT (or of all) through all three evaluators.

    A failing case is shown with what each stage said. Then comes what no case reaches.

    With --mutate comes every small change of the policy that no case notices, with a case that
    would, ready to paste. What is meant to survive stands in accepted.yaml with its reason.
    """
    settings = load_settings()
    click.get_current_context().exit(
        policy_files.test(
            _products(settings, product), settings, as_json, require_coverage, with_mutants
        )
    )


for _command in (
    policy_cases.cases_command,
    *policy_releases.COMMANDS,
    policy_evidence.evidence_command,
    *policy_beside.COMMANDS,
    policy_compare.compare,
    policy_audit.audit,
    policy_exchange.export_command,
    policy_exchange.import_command,
    policy_schema.schema_command,
):
    policy.add_command(_command)


def _products(settings: Settings, product: str | None) -> list[str]:
    return list_products(settings.rulesets) if product is None else [product]
