"""Every Monday in Dagster: check, watch, retrain; and a refresh every night.

dagster dev -f dagster_job.py
dagster job execute -f dagster_job.py -j monday

The settings are variables of the environment: DATA, MAPPING, ANSWERS, MODEL, MLFLOW_TRACKING_URI.
"""

import os
import subprocess

from dagster import (
    Definitions,
    Failure,
    In,
    Nothing,
    OpExecutionContext,
    Out,
    RetryPolicy,
    ScheduleDefinition,
    job,
    op,
)

KEPT, ALARM = 3, 4


def recsys(context: OpExecutionContext, command: str, *words: str) -> int:
    """Runs a command on the tables; every code but 2 is an answer."""
    tables = ["data=files", f"data.root={os.environ['DATA']}"]
    if "MAPPING" in os.environ:
        tables.append(f"data.mapping={os.environ['MAPPING']}")
    done = subprocess.run(["recsys", command, *words, *tables], capture_output=True, text=True)
    context.log.info(done.stdout)
    if done.returncode not in (0, KEPT, ALARM):
        raise Failure(f"recsys {command}: {done.stderr.strip()}")
    return done.returncode


@op(out=Out(Nothing))
def check(context: OpExecutionContext) -> None:
    """Refuses tables that cannot be loaded."""
    recsys(context, "check")


@op(ins={"checked": In(Nothing)})
def watch(context: OpExecutionContext) -> None:
    """Says whether what was served still does what it did."""
    if recsys(context, "monitor", f"decisions={os.environ['ANSWERS']}") == ALARM:
        context.log.warning("the monitor raised an alarm; its page is in MLflow")


# A killed retraining goes on where it was.
@op(ins={"checked": In(Nothing)}, retry_policy=RetryPolicy(max_retries=2))
def retrain(context: OpExecutionContext) -> None:
    """Refits champion and challengers, and promotes by the stated policy."""
    if recsys(context, "retrain", f"model_name={os.environ['MODEL']}") == KEPT:
        context.log.info("the champion stays")


@op(retry_policy=RetryPolicy(max_retries=2))
def refresh(context: OpExecutionContext) -> None:
    """Takes new consents, products, prices and offers in."""
    recsys(context, "refresh", f"model_name={os.environ['MODEL']}")


@job
def monday() -> None:
    """Check, then watch and retrain."""
    checked = check()
    watch(checked)
    retrain(checked)


@job
def night() -> None:
    """Refresh."""
    refresh()


defs = Definitions(
    jobs=[monday, night],
    schedules=[
        ScheduleDefinition(job=monday, cron_schedule="30 4 * * 1"),
        ScheduleDefinition(job=night, cron_schedule="0 3 * * *"),
    ],
)
