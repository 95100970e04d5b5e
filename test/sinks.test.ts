import csv from "../sinks/csv.ts"
import duckdb from "../sinks/duckdb.ts"
import ndjson from "../sinks/ndjson.ts"
import parquet from "../sinks/parquet.ts"
import { sinkLaws } from "./contract.ts"
import * as readers from "./readers.ts"

sinkLaws(duckdb, { read: readers.duckdb })
sinkLaws(parquet, { read: readers.parquet })
sinkLaws(ndjson, { read: readers.ndjson })
sinkLaws(csv, { read: readers.csv })
