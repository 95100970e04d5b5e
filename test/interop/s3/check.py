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


def snippet(section):
    with open(f"{HERE}/../../../docs/s3.md") as page:
        return re.search(rf"^## {section}\n.*?^```\w+\n(.*?)^```", page.read(), re.MULTILINE | re.DOTALL)[1]


def printing(section, region, instead):
    """Runs the Python of a section against the server: the names that it sets, and what it prints."""
    code = snippet(section)
    assert region in code
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code.replace(region, instead), names)
    return names, printed.getvalue()


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
    sql = snippet("DuckDB").replace("INSTALL httpfs;\nLOAD httpfs;", f"LOAD '{extension}';")
    sql = sql.replace("'KEY'", f"'{key}'").replace("'SECRET'", f"'{secret}'")
    sql = sql.replace("REGION 'eu-central-1'", f"REGION 'us-east-1', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false")
    asked = duckdb.connect()
    rows = asked.execute(sql).fetchall()
    runs = asked.execute("SELECT count(*) FROM runs").fetchone()[0]
    return duckdb.__version__, runs, dict(rows)


def with_pyarrow():
    import pyarrow

    names, printed = printing("pyarrow", 'region="eu-central-1"', f'region="us-east-1", endpoint_override="{url}"')
    rows = {strength: int(users) for strength, users in re.findall(r"^(\S+) (\d+)$", printed, re.MULTILINE)}
    return pyarrow.__version__, names["runs"].num_rows, rows


def with_spark():
    import pyspark

    # what Amazon's server needs no setting for; the page says the rest
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        "spark.hadoop.fs.s3a.endpoint": url,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.jars.ivy": f"{sys.prefix}/ivy",
        "spark.master": "local[1]",
        "spark.ui.enabled": "false",
    }
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join(f"--conf {name}={value}" for name, value in settings.items())
    os.environ["PYSPARK_SUBMIT_ARGS"] += " pyspark-shell"
    names, printed = printing("Spark", 'endpoint.region", "eu-central-1"', 'endpoint.region", "us-east-1"')
    rows = {strength: int(users) for strength, users in re.findall(r"^\|\s*(\w+)\|\s*(\d+)\|$", printed, re.MULTILINE)}
    runs = names["runs"].count()
    names["spark"].stop()
    return pyspark.__version__, runs, rows


if what == "make":
    make()
else:
    found = [(name, *read()) for name, read in [("duckdb", with_duckdb), ("pyarrow", with_pyarrow), ("spark", with_spark)]]
    for name, version, runs, rows in found:
        print(f"  {name} {version}: {runs} runs, {sum(rows.values())} users in the newest: {rows}")
        assert (runs, sum(rows.values())) == (2, 250)
        assert rows == found[0][3], "they differ"
