#!/usr/bin/env bash
# Long random histories: see ../history.sh.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

history() { python3 "$here/tests/e2e/support/history.py" "$(command -v store)" "$scratch/$1" "$@" >&2; }

for seed in $(seq 100 111); do history "$seed" 400; done
command -v git >/dev/null || exit 0
for seed in $(seq 200 205); do history "$seed" 400 git; done
