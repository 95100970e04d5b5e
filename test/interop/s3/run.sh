#!/bin/sh
# Two runs into each S3 server that is to be had, `verify`, and the queries of docs/s3.md in DuckDB and pyarrow.
# Fetches the tools into a temporary directory; needs PyPI, Python 3.11 and an installed checkout; go, for versitygw.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
node="$root/node_modules/.bin/node"
work=$(mktemp -d)
started=
finish() {
  for process in $started; do kill "$process" 2> /dev/null || true; done
  chmod -R u+w "$work"
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

python3 -m venv "$work/python"
"$work/python/bin/pip" --quiet --disable-pip-version-check install 'moto[s3,server]==5.2.5' pyarrow==26.0.1 \
  duckdb==1.5.5 duckdb-extension-httpfs==1.5.5

(cd "$work" && exec "$node" "$root/src/main.ts" emulator --users 250) > "$work/listening" &
started="$started $!"
until [ -s "$work/listening" ]; do sleep 0.1; done
field() { "$node" -p "JSON.parse(require('fs').readFileSync('$work/listening'))['$1']"; }
DUO_HOST=$(field host)
DUO_IKEY=$(field ikey)
DUO_SKEY=$(field skey)
export DUO_HOST DUO_IKEY DUO_SKEY DUO_INSECURE_LOOPBACK=1
export AWS_ACCESS_KEY_ID=tester AWS_SECRET_ACCESS_KEY=s3cret00 AWS_EC2_METADATA_DISABLED=true

# try NAME URL: two runs, and the check
try() {
  until "$work/python/bin/python" "$here/check.py" make "$2" 2> /dev/null; do sleep 0.2; done
  target="s3:reports/duo?region=us-east-1&endpoint=$2"
  for run in 1 2; do
    DUO_MFA_DATA="$work/$1" "$root/duo-mfa" extract --sink "$target" > "$work/extract.log" 2>&1 ||
      { cat "$work/extract.log"; exit 1; }
  done
  DUO_MFA_DATA="$work/$1" "$root/duo-mfa" verify --all --sink "$target" > "$work/verify.log" 2>&1 ||
    { cat "$work/verify.log"; exit 1; }
  echo "$1: $(tail -n 1 "$work/verify.log")"
  "$work/python/bin/python" "$here/check.py" read "$2"
}

"$work/python/bin/moto_server" -H 127.0.0.1 -p 27361 > "$work/moto.log" 2>&1 &
started="$started $!"
try moto http://127.0.0.1:27361

if command -v go > /dev/null; then
  mkdir "$work/go" "$work/disk"
  GOPATH="$work/go" GOBIN="$work" GOFLAGS=-modcacherw go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 \
    > "$work/go.log" 2>&1 || { cat "$work/go.log"; exit 1; }
  ROOT_ACCESS_KEY=tester ROOT_SECRET_KEY=s3cret00 "$work/versitygw" --port 127.0.0.1:27362 posix "$work/disk" \
    > "$work/versitygw.log" 2>&1 &
  started="$started $!"
  try versitygw http://127.0.0.1:27362
else
  echo "versitygw: SKIPPED, because there is no go to build it with"
fi
