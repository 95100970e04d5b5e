#!/bin/sh
# Tools that share no code with ours read the Parquet files, and the snippets of docs/ run as they stand there.
# Fetches them into a temporary directory; needs PyPI, Python 3.11, Java 17 and an installed checkout.
. "$(dirname "$0")/../preamble.sh"
export SPARK_LOCAL_IP=127.0.0.1

packages pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1 pyspark==4.3.0 duckdb==2.0.1 duckdb-cli==1.5.6 \
  tableauhyperapi==0.0.26963

# six days of twelve people, and two runs of 250, the second without anything that is personal
mkdir "$work/known" "$work/invented"
"$node" "$here/known.ts" "$work/known/data"
emulate 250
for personal in keep drop; do
  DUO_MFA_DATA="$work/invented/data" quietly "$root/duo-mfa" extract --sink duckdb --sink parquet --pii $personal
done

cd "$work"
"$work/python/bin/python" "$here/check.py" "$work"
