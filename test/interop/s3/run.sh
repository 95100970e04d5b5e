#!/bin/sh
# Two runs into each S3 server that is to be had, `verify`, and the code of docs/s3.md in DuckDB, pyarrow and Spark. The
# tests of the sink start moto themselves; here they use versitygw.
# Fetches the tools into a temporary directory; needs PyPI, Maven Central, Python 3.11, Java 17 and an installed
# checkout; go, for versitygw.
. "$(dirname "$0")/../preamble.sh"
# those of the tests of the sink
export AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE00 AWS_SECRET_ACCESS_KEY=s3cret/of+the+tests AWS_EC2_METADATA_DISABLED=true

packages 'moto[s3,server]==5.2.5' pyarrow==26.0.1 duckdb==1.5.5 duckdb-extension-httpfs==1.5.5 pyspark==4.3.0
emulate 250

# try NAME URL: two runs, and the check
try() {
  until "$work/python/bin/python" "$here/check.py" make "$2" 2> "$work/printed"; do
    kill -0 $! || { cat "$work/printed"; exit 1; }
    sleep 0.2
  done
  target="s3:reports/duo?region=us-east-1&endpoint=$2"
  export DUO_MFA_DATA="$work/data-$1"
  for run in 1 2; do quietly "$root/duo-mfa" extract --sink "$target"; done
  quietly "$root/duo-mfa" verify --all --sink "$target"
  echo "$1: $(tail -n 1 "$work/printed")"
  # Spark and its package manager say much
  "$work/python/bin/python" "$here/check.py" read "$2" 2> "$work/printed" || { cat "$work/printed"; exit 1; }
}

"$work/python/bin/moto_server" -H 127.0.0.1 -p 27361 > "$work/moto.log" 2>&1 &
started="$started $!"
try moto http://127.0.0.1:27361

if command -v go > /dev/null; then
  mkdir "$work/go" "$work/disk"
  GOPATH="$work/go" GOBIN="$work" GOFLAGS=-modcacherw quietly go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
  ROOT_ACCESS_KEY=$AWS_ACCESS_KEY_ID ROOT_SECRET_KEY=$AWS_SECRET_ACCESS_KEY "$work/versitygw" --port 127.0.0.1:27362 \
    posix "$work/disk" > "$work/versitygw.log" 2>&1 &
  started="$started $!"
  try versitygw http://127.0.0.1:27362
  cd "$root"
  unset DUO_MFA_DATA
  S3_SERVER=http://127.0.0.1:27362 "$node" node_modules/.bin/vitest run --config test/vitest.config.ts test/sinks/s3
else
  echo "versitygw: SKIPPED, because there is no go to build it with"
fi
