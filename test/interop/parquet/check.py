"""Holds what the tools read against the ledger and the data dictionary: check.py WORK, where WORK has the ledgers."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(f"{HERE}/../../..")
TABLES = ["users", "mfa_methods", "user_groups", "bypass_codes"]
TOOLS = ["pandas", "polars", "pyarrow", "spark", "duckdb", "hyper"]
PAGES = ["pandas", "polars", "pyarrow", "spark", "tableau"]

#: What each tool calls the types of the dictionary, and the day that it makes of a folder's name.
ARROW = {"text": "string", "boolean": "bool", "bigint": "int64", "timestamp": "timestamp[us, tz=UTC]"}
DUCKDB = {"text": "VARCHAR", "boolean": "BOOLEAN", "bigint": "BIGINT", "timestamp": "TIMESTAMP WITH TIME ZONE"}
POLARS = {"text": "String", "boolean": "Boolean", "bigint": "Int64"}
NAMES = {
    "pandas": {**ARROW, "day": "dictionary<values=string, indices=int32, ordered=0>"},
    "pyarrow": {**ARROW, "day": "string"},
    "polars": {**POLARS, "timestamp": "Datetime(time_unit='us', time_zone='UTC')", "day": "Date"},
    "spark": {"text": "string", "boolean": "boolean", "bigint": "bigint", "timestamp": "timestamp", "day": "date"},
    "duckdb": {**DUCKDB, "day": "DATE"},
    "hyper": {"text": "TEXT", "boolean": "BOOL", "bigint": "BIG_INT", "timestamp": "TIMESTAMP_TZ"},
}

passed = failed = 0


def check(what, found, expected):
    global passed, failed
    if found == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}")
    if isinstance(found, dict) and isinstance(expected, dict):
        names = [name for name in {**expected, **found} if found.get(name) != expected.get(name)]
        found, expected = ({name: side.get(name) for name in names} for side in (found, expected))
    print(f"  found    {found}\n  expected {expected}")


def dictionary():
    """The columns of each table with their types, in order."""
    with open(f"{ROOT}/data/README.md") as file:
        sections = file.read().split("\n## ")[1:]
    return {
        section.split("\n", 1)[0]: dict(re.findall(r"^\| `(\w+)` \| (\w+)", section, re.MULTILINE))
        for section in sections
    }


def ask(data, query):
    command = [f"{ROOT}/duo-mfa", "sql", "--format", "json", query]
    asked = subprocess.run(command, env={**os.environ, "DUO_MFA_DATA": data}, check=True, capture_output=True, text=True)
    return json.loads(asked.stdout)


def counts(data, table, columns, source):
    cells = ", ".join(f"count({name}) AS {name}" for name in columns)
    found = ask(data, f"SELECT count(*) AS \"rows\", {cells} FROM {source}")[0]
    return found.pop("rows"), found


def of_ledger(data, contract):
    """Rows and cells that are not NULL: now, and over all runs, each as the ledger has it at that instant."""
    runs = ask(data, "SELECT tenant, observed_at, tables_collected FROM runs")
    for table in TABLES:
        columns = contract[table]
        described = ask(data, f"SELECT column_name, column_type FROM (DESCRIBE {table})")
        types = {row["column_name"]: row["column_type"] for row in described}
        check(f"{data}: types of {table} in the ledger", list(types.items()), [(n, DUCKDB[t]) for n, t in columns.items()])
        each = [
            counts(data, table, columns, f"{table}_asof('{run['observed_at']}') WHERE tenant = '{run['tenant']}'")
            for run in runs
            if table in run["tables_collected"].split(", ")
        ]
        total = {name: sum(nonnull[name] for _, nonnull in each) for name in columns}
        yield table, {
            "current": counts(data, table, columns, table),
            "runs": (sum(rows for rows, _ in each), total),
        }


def read(tool, data):
    command = [sys.executable, f"{HERE}/readers.py", tool, data]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def compare(tool, data, contract, ledger):
    reading = read(tool, data)
    for where in ["current", "runs"]:
        for table in TABLES:
            what = f"{data}: {tool}, {where}, {table}"
            rows, nonnull = ledger[table][where]
            types = {name: NAMES[tool][type] for name, type in contract[table].items()}
            if where == "runs" and "day" in NAMES[tool]:
                types["run_date"] = NAMES[tool]["day"]
                nonnull = {**nonnull, "run_date": rows}
            found = reading[where][table]
            check(f"{what}: rows", found["rows"], rows)
            check(f"{what}: types", found["types"], types)
            check(f"{what}: cells", found["nonnull"], nonnull)
    print(f"{tool} {reading['version']}: {sum(found['rows'] for found in reading['runs'].values())} rows")


def snippets(page, data):
    """The Python of a page, as it stands there, in the data directory: it prints how many users have which strength."""
    with open(f"{ROOT}/docs/{page}.md") as file:
        code = "\n".join(re.findall(r"^```python\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL))
    ran = subprocess.run([sys.executable, "-c", code], cwd=data, stdout=subprocess.PIPE, text=True)
    check(f"{data}: the snippets of {page}.md end", ran.returncode, 0)
    for row in ask(data, "SELECT strongest, count(*) AS users FROM users GROUP BY ALL"):
        printed = re.search(rf"\b{row['strongest']}\W+{row['users']}\b", ran.stdout) is not None
        check(f"{data}: the snippets of {page}.md say {row['users']} {row['strongest']}", printed, True)


def shell(data):
    """The SQL of docs/duckdb.md, typed into DuckDB's own shell, a new one for each section."""
    with open(f"{ROOT}/docs/duckdb.md") as file:
        sections = file.read().split("\n## ")[1:]
    for section in sections:
        sql = "".join(re.findall(r"^```sql\n(.*?)^```", section, re.MULTILINE | re.DOTALL))
        command = [f"{os.path.dirname(sys.executable)}/duckdb", "-bail"]
        ran = subprocess.run(command, cwd=data, input=sql, capture_output=True, text=True)
        title = section.split("\n", 1)[0]
        check(f"{data}: the SQL of duckdb.md, {title}", (ran.returncode, ran.stderr), (0, ""))


contract = dictionary()
for name in ["known", "invented"]:
    data = f"{os.path.abspath(sys.argv[1])}/{name}/data"
    ledger = dict(of_ledger(data, contract))
    for table in TABLES:
        nulls = [f"{c} ({t})" for c, t in contract[table].items() if ledger[table]["current"][1][c] == 0]
        print(f"{name}: {ledger[table]['current'][0]} {table}; all NULL: {', '.join(nulls) or 'none'}")
    for tool in TOOLS:
        compare(tool, data, contract, ledger)
    for page in PAGES:
        snippets(page, data)
    shell(data)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
