# Sourced by the run.sh of a folder beside it: a temporary directory, the tools, and an emulator. All end with the script.
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

# packages PACKAGE...: Python with these packages, in $work/python
packages() {
  python3 -m venv "$work/python"
  "$work/python/bin/pip" --quiet --disable-pip-version-check install "$@"
}

# quietly COMMAND...: shows what a command printed only if it failed, and ends then
quietly() { "$@" > "$work/printed" 2>&1 || { cat "$work/printed"; exit 1; }; }

# emulate N: an emulated tenant of N users, and the settings for it
emulate() {
  (cd "$work" && exec "$node" "$root/src/main.ts" emulator --users "$1") > "$work/listening" &
  started="$started $!"
  until [ -s "$work/listening" ]; do kill -0 $!; sleep 0.1; done
  field() { "$node" -p "JSON.parse(require('fs').readFileSync('$work/listening'))['$1']"; }
  DUO_HOST=$(field host)
  DUO_IKEY=$(field ikey)
  DUO_SKEY=$(field skey)
  export DUO_HOST DUO_IKEY DUO_SKEY DUO_INSECURE_LOOPBACK=1
}
