"""Every night; again where the exit code says that it may work later, and otherwise somebody is told at once."""

import subprocess

from dagster import Definitions, Failure, RetryRequested, ScheduleDefinition, job, op

LATER = {3, 69, 75, 130, 143}


@op
def extract():
    code = subprocess.run(["duo-mfa", "extract", "--then", "policy,report"], check=False).returncode
    if code in LATER:
        raise RetryRequested(max_retries=3, seconds_to_wait=900)
    if code != 0:
        raise Failure(f"exit {code}: not without a person", allow_retries=False)


@job
def duo_mfa():
    extract()


defs = Definitions(jobs=[duo_mfa], schedules=[ScheduleDefinition(job=duo_mfa, cron_schedule="17 3 * * *")])
