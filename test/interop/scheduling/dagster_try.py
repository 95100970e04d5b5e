"""dagster_try.py FOLDER EXIT: the op of docs/scheduling/dagster_job.py, with a duo-mfa that ends as the file EXIT says."""

import sys
from pathlib import Path

folder, file = sys.argv[1], Path(sys.argv[2])
sys.path.insert(0, folder)

import dagster_job  # noqa: E402
from dagster import Failure, RetryRequested  # noqa: E402

assert [schedule.cron_schedule for schedule in dagster_job.defs.schedules] == ["17 3 * * *"]


def end(code):
    file.write_text(str(code))
    try:
        dagster_job.extract()
    except RetryRequested:
        return "later"
    except Failure as failure:
        return "later" if failure.allow_retries else "a person"
    return "done"


for code, what in [(0, "done"), *((code, "later") for code in (3, 69, 75, 130, 143))]:
    assert end(code) == what, code
for code in (4, 5, 6, 64, 65, 70, 73, 74, 77, 78):
    assert end(code) == "a person", code

file.write_text("0")
assert dagster_job.duo_mfa.execute_in_process().success
file.write_text("77")
assert not dagster_job.duo_mfa.execute_in_process(raise_on_error=False).success
