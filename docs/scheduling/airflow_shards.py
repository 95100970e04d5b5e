"""Every night the tenants of a list, in parts: a task for each part, on the workers that are free."""

import os
import subprocess
from datetime import datetime, timedelta

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk import dag, task

LATER = {3, 69, 75, 130, 143}
PARTS = 4


@dag(schedule="17 3 * * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def duo_mfa_tenants():
    @task(retries=3, retry_delay=timedelta(minutes=15), execution_timeout=timedelta(hours=4))
    def extract(part, tenants, sink, data):
        command = ["duo-mfa", "extract", "--tenants", tenants, "--shard", f"{part}/{PARTS}", "--sink", sink]
        # every worker sees the directories, and each part has its own
        code = subprocess.run(command, env={**os.environ, "DUO_MFA_DATA": f"{data}/part-{part}"}, check=False).returncode
        if code in LATER:
            raise AirflowException(f"exit {code}: later")
        if code != 0:
            raise AirflowFailException(f"exit {code}: not without a person")

    extract.partial(
        tenants="/etc/duo-mfa/customers.toml", sink="s3:reports/duo?region=eu-central-1", data="/var/lib/duo-mfa"
    ).expand(part=list(range(PARTS)))


duo_mfa_tenants()
