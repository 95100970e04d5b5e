#!/bin/sh
# Tools that share no code with ours read the Parquet files, and the snippets of docs/ run as they stand there.
# Fetches them into a temporary directory; needs PyPI, Python 3.11, Java 17 and an installed checkout.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
node="$root/node_modules/.bin/node"
work=$(mktemp -d)
emulator=
finish() {
  [ -z "$emulator" ] || kill "$emulator" 2> /dev/null || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

python3 -m venv "$work/python"
"$work/python/bin/pip" --quiet --disable-pip-version-check install pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1 \
  pyspark==4.3.0 duckdb==2.0.1 duckdb-cli==1.5.6 tableauhyperapi==0.0.26963

# six days of twelve people, and two runs of 250, the second without anything that is personal
mkdir "$work/known" "$work/invented"
"$node" "$here/known.ts" "$work/known/data"
(
  cd "$work/invented"
  exec "$node" "$root/src/main.ts" emulator --users 250
) > "$work/listening" &
emulator=$!
until [ -s "$work/listening" ]; do kill -0 "$emulator" && sleep 0.1; done
field() { "$node" -p "JSON.parse(require('fs').readFileSync('$work/listening'))['$1']"; }
DUO_HOST=$(field host)
DUO_IKEY=$(field ikey)
DUO_SKEY=$(field skey)
export DUO_HOST DUO_IKEY DUO_SKEY DUO_INSECURE_LOOPBACK=1 SPARK_LOCAL_IP=127.0.0.1
for personal in keep drop; do
  (cd "$work/invented" && "$root/duo-mfa" extract --sink duckdb --sink parquet --pii $personal > extract.log 2>&1) ||
    { cat "$work/invented/extract.log"; exit 1; }
done

cd "$work"
"$work/python/bin/python" "$here/check.py" "$work"
