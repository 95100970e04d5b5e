"""What one tool reads of a data directory: readers.py TOOL DATA prints rows, types and non-NULL cells as JSON."""
import json
import sys
from glob import glob

TABLES = ["users", "mfa_methods", "user_groups", "bypass_codes"]


def with_pandas():
    import pandas

    def read(path):
        frame = pandas.read_parquet(path, dtype_backend="pyarrow")
        # `string` is text of Arrow's, as [pyarrow] says it of the others
        types = {name: str(dtype).removesuffix("[pyarrow]") for name, dtype in frame.dtypes.items()}
        return len(frame), types, {name: int(count) for name, count in frame.count().items()}

    return pandas.__version__, read, read


def with_polars():
    import polars

    def read(path):
        frame = polars.read_parquet(path)
        types = {name: str(dtype) for name, dtype in frame.schema.items()}
        return frame.height, types, {name: frame.height - frame[name].null_count() for name in frame.columns}

    return polars.__version__, read, read


def with_pyarrow():
    import pyarrow
    from pyarrow import dataset

    def read(path):
        table = dataset.dataset(path, format="parquet", partitioning="hive").to_table()
        types = {field.name: str(field.type) for field in table.schema}
        nonnull = {name: table.num_rows - table[name].null_count for name in table.column_names}
        return table.num_rows, types, nonnull

    return pyarrow.__version__, read, read


def with_spark():
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import count, lit

    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )

    def read(path):
        frame = spark.read.parquet(path)
        counts = frame.agg(count(lit(1)).alias("*"), *[count(name).alias(name) for name in frame.columns])
        found = counts.first().asDict()
        return found.pop("*"), dict(frame.dtypes), found

    return spark.version, read, read


def with_duckdb():
    import duckdb

    def select(source):
        types = {row[0]: row[1] for row in duckdb.execute(f"DESCRIBE FROM {source}").fetchall()}
        counts = f"SELECT count(*), {', '.join(f'count({name})' for name in types)} FROM {source}"
        rows, *nonnull = duckdb.execute(counts).fetchone()
        return rows, types, dict(zip(types, nonnull))

    return duckdb.__version__, lambda path: select(f"'{path}'"), lambda path: select(f"'{path}/*/*.parquet'")


def with_hyper():
    from tableauhyperapi import Connection, HyperProcess, Telemetry, __version__

    telemetry = Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU

    def select(files):
        source = f"external(ARRAY[{', '.join(repr(file) for file in files)}], FORMAT => 'parquet')"
        with HyperProcess(telemetry, parameters={"log_config": ""}) as hyper, Connection(hyper.endpoint) as connection:
            with connection.execute_query(f"SELECT * FROM {source} LIMIT 0") as result:
                types = {column.name.unescaped: str(column.type) for column in result.schema.columns}
            counts = f"SELECT count(*), {', '.join(f'count({name})' for name in types)} FROM {source}"
            (rows, *nonnull), = connection.execute_list_query(counts)
        return rows, types, dict(zip(types, nonnull))

    return __version__, lambda path: select([path]), lambda path: select(sorted(glob(f"{path}/*/*.parquet")))


tool, data = sys.argv[1:]
version, read_file, read_folder = globals()[f"with_{tool}"]()


def reading(rows, types, nonnull):
    return {"rows": rows, "types": types, "nonnull": nonnull}


json.dump({
    "tool": tool,
    "version": version,
    "current": {table: reading(*read_file(f"{data}/parquet/current/{table}.parquet")) for table in TABLES},
    "runs": {table: reading(*read_folder(f"{data}/parquet/{table}")) for table in TABLES},
}, sys.stdout)
