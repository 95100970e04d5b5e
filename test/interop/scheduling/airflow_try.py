"""airflow_try.py FOLDER EXIT RAN: the DAGs of docs/scheduling. Their duo-mfa ends as the file EXIT says, and writes to RAN."""

import sys
from pathlib import Path

folder, file, ran = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
sys.path.insert(0, folder)

import airflow_dag  # noqa: E402
import airflow_shards  # noqa: E402
from airflow.sdk.exceptions import AirflowException, AirflowFailException  # noqa: E402

LATER = (3, 69, 75, 130, 143)
PERSON = (4, 5, 6, 64, 65, 70, 73, 74, 77, 78)


def end(code, function, **arguments):
    file.write_text(str(code))
    try:
        function(**arguments)
    except AirflowFailException:
        return "a person"
    except AirflowException:
        return "later"
    return "done"


def the_task(dag, **arguments):
    assert [task.task_id for task in dag.tasks] == ["extract"], dag.tasks
    task = dag.get_task("extract")
    assert task.retries == 3 and dag.catchup is False
    function = getattr(task, "python_callable", None) or task.partial_kwargs["python_callable"]
    for what, codes in {"done": (0,), "later": LATER, "a person": PERSON}.items():
        for code in codes:
            assert end(code, function, **arguments) == what, code


the_task(airflow_dag.duo_mfa())
the_task(airflow_shards.duo_mfa_tenants(), part=0, tenants="list", sink="s3:reports", data="data")

# Airflow expands the task, and runs an instance for each part
ran.unlink()
file.write_text("0")
run = airflow_shards.duo_mfa_tenants().test()
assert run.state == "success", run.state
assert sorted(ran.read_text().splitlines()) == [
    f"/var/lib/duo-mfa/part-{part} extract --tenants /etc/duo-mfa/customers.toml --shard {part}/4 "
    "--sink s3:reports/duo?region=eu-central-1"
    for part in range(4)
]
