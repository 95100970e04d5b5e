"""airflow_try.py FOLDER EXIT: the task of docs/scheduling/airflow_dag.py, with a duo-mfa that ends as the file EXIT says."""

import sys
from pathlib import Path

folder, file = sys.argv[1], Path(sys.argv[2])
sys.path.insert(0, folder)

import airflow_dag  # noqa: E402
from airflow.sdk.exceptions import AirflowException, AirflowFailException  # noqa: E402

dag = airflow_dag.duo_mfa()
assert [task.task_id for task in dag.tasks] == ["extract"], dag.tasks
task = dag.get_task("extract")
assert task.retries == 3 and dag.catchup is False


def end(code):
    file.write_text(str(code))
    try:
        task.python_callable()
    except AirflowFailException:
        return "a person"
    except AirflowException:
        return "later"
    return "done"


for code, what in [(0, "done"), *((code, "later") for code in (3, 69, 75, 130, 143))]:
    assert end(code) == what, code
for code in (4, 64, 65, 70, 73, 74, 77, 78):
    assert end(code) == "a person", code
