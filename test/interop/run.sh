#!/bin/sh
# Duo's own Python, Node and Go clients list every user of the emulator, with every signature that each can make.
# Fetches the clients into a temporary directory; needs the network, python3, npm, go and an installed checkout.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
node="$here/../../node_modules/.bin/node"
work=$(mktemp -d)
emulator=
finish() {
  [ -z "$emulator" ] || kill "$emulator" 2> /dev/null || true
  chmod -R u+w "$work"
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

python3 -m venv "$work/python"
"$work/python/bin/pip" --quiet --disable-pip-version-check install duo_client==5.7.0
mkdir "$work/node" "$work/go"
(cd "$work/node" && npm install --silent --no-fund --no-audit --prefix . @duosecurity/duo_api@1.5.0 > /dev/null)
cp "$here/list.go" "$work/go/"
(
  cd "$work/go"
  exec 2> go.log
  go mod init interop && go get github.com/duosecurity/duo_api_golang@v0.0.0-20250430191550-ac36954387e7 && go build -o list . ||
    { cat go.log; exit 1; }
)

"$node" "$here/emulator.ts" > "$work/listening" &
emulator=$!
until [ -s "$work/listening" ]; do kill -0 "$emulator" && sleep 0.1; done
field() { "$node" -p "JSON.parse(require('fs').readFileSync('$work/listening'))['$1']"; }
IKEY=$(field ikey)
SKEY=$(field skey)
export IKEY SKEY

passed=0
failed=0
# lists CLIENT SCHEME COMMAND...
lists() {
  client=$1 scheme=$2
  shift 2
  if users=$("$@" "$scheme" "$(field "$scheme")" 2>&1) && [ "$users" = 250 ]; then
    echo "$client $scheme: $users users"
    passed=$((passed + 1))
  else
    echo "$client $scheme: FAILED: $(echo "$users" | tail -n 1)"
    failed=$((failed + 1))
  fi
}

for scheme in v2-sha1 v2-sha512 v5-sha512; do
  lists python $scheme "$work/python/bin/python" "$here/list.py"
done
cd "$work/node"
for scheme in v2-sha512 v5-sha512; do
  lists node $scheme "$node" "$here/list.mjs"
done
for scheme in v2-sha512 v5-sha512; do
  lists go $scheme "$work/go/list"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
