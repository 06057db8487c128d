#!/bin/sh
# Does the core install answer by itself, and stay small? An empty environment with the core lock and nothing else.
# Usage: core_only.sh PATH_OF_UV
set -eu
uv=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$uv" venv --quiet --python "${PYTHON:-python3}" "$place/env"
"$uv" --system-certs pip install --quiet --python "$place/env/bin/python" --require-hashes -r "$root/requirements/core.txt"
"$uv" --system-certs build --quiet --wheel --out-dir "$place" "$root"
"$uv" --system-certs pip install --quiet --python "$place/env/bin/python" --no-deps "$place"/primum-*.whl
cd "$place"
PRIMUM_STORE="$place/store" "$place/env/bin/primum" ask anti-wrinkle --json answer.json > answer.txt
"$place/env/bin/python" - <<'PY'
import json
answer = json.load(open("answer.json"))
assert answer["schema"] == "primum.dossier/1" and len(answer["parts"]) == 13, "the wheel does not answer in full"
PY
test -s primum-anti-wrinkle.html
megabytes=$(du -sm "$place/env" | cut -f1)
echo "core install: $megabytes MB"
test "$megabytes" -lt 900
