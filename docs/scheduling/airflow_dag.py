"""Every night; again where the exit code says that it may work later, and otherwise somebody is told at once."""

import subprocess
from datetime import datetime, timedelta

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk import dag, task

LATER = {3, 69, 75, 130, 143}


@dag(schedule="17 3 * * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def duo_mfa():
    @task(retries=3, retry_delay=timedelta(minutes=15), execution_timeout=timedelta(hours=4))
    def extract():
        code = subprocess.run(["duo-mfa", "extract", "--then", "policy,report"], check=False).returncode
        if code in LATER:
            raise AirflowException(f"exit {code}: later")
        if code != 0:
            raise AirflowFailException(f"exit {code}: not without a person")

    extract()


duo_mfa()
