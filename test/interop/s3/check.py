"""Makes the bucket of the page docs/s3.md on a server, or runs the queries of the page there: check.py make|read URL."""
import contextlib
import io
import os
import re
import sys

what, url = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))


def make():
    import boto3

    boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket="reports")


def snippets(language):
    with open(f"{HERE}/../../../docs/s3.md") as page:
        return "".join(re.findall(rf"^```{language}\n(.*?)^```", page.read(), re.MULTILINE | re.DOTALL))


def with_duckdb():
    import duckdb
    import duckdb_extension_httpfs

    (extension,) = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(os.path.dirname(duckdb_extension_httpfs.__file__))
        for name in names
        if name == "httpfs.duckdb_extension"
    ]
    host = url.removeprefix("http://")
    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    sql = snippets("sql").replace("INSTALL httpfs;\nLOAD httpfs;", f"LOAD '{extension}';")
    sql = sql.replace("'KEY'", f"'{key}'").replace("'SECRET'", f"'{secret}'")
    sql = sql.replace("REGION 'eu-central-1'", f"REGION 'us-east-1', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false")
    asked = duckdb.connect()
    rows = asked.execute(sql).fetchall()
    runs = asked.execute("SELECT count(*) FROM runs").fetchone()[0]
    return duckdb.__version__, runs, dict(rows)


def with_pyarrow():
    import pyarrow

    code = snippets("python").replace('region="eu-central-1"', f'region="us-east-1", endpoint_override="{url}"')
    printed = io.StringIO()
    names = {}
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    rows = {strength: int(users) for strength, users in re.findall(r"^(\S+) (\d+)$", printed.getvalue(), re.MULTILINE)}
    return pyarrow.__version__, names["runs"].num_rows, rows


if what == "make":
    make()
else:
    found = [(name, *read()) for name, read in [("duckdb", with_duckdb), ("pyarrow", with_pyarrow)]]
    for name, version, runs, rows in found:
        print(f"  {name} {version}: {runs} runs, {sum(rows.values())} users in the newest: {rows}")
    assert found[0][3] == found[1][3], "they differ"
    assert all(runs == 2 and sum(rows.values()) == 250 for _, _, runs, rows in found)
