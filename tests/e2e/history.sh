#!/usr/bin/env bash
# Random histories, checked after every step against a plain model; the last two run through git as well, and all trees are compared.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

history() { python3 "$here/tests/e2e/support/history.py" "$(command -v store)" "$scratch/$1" "$@" >&2; }

for seed in 1 2 3; do history "$seed" 80; done
command -v git >/dev/null || exit 0
for seed in 21 22; do history "$seed" 80 git; done
