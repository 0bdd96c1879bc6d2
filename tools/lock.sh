#!/bin/sh
# Renew requirements.lock, requirements-dev.lock and requirements-bench.lock (the peers of the
# benchmarks): one choice of versions for every system and every Python from 3.11 on, with hashes,
# and with no address of the index it was made from.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup_venv.sh run
[ -x build/lock/bin/uv ] || {
    .venv/bin/python -m venv build/lock
    build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
}
compile() {
    build/lock/bin/uv pip compile pyproject.toml --upgrade --quiet --no-config \
        --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
        --constraint tools/lock-constraints.txt --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock" "$@"
}
compile --extra build --output-file requirements.lock
compile --extra dev --constraint requirements.lock --output-file requirements-dev.lock
compile --extra bench --constraint requirements-dev.lock --output-file requirements-bench.lock
if grep -nE '://|^ *-' requirements.lock requirements-dev.lock requirements-bench.lock | grep -v -- '--hash=sha256:'; then
    echo "These lines of the lock say where it was made; take them out." >&2
    exit 1
fi
