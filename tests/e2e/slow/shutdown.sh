#!/usr/bin/env bash
# Power cuts on real file systems (tests/shutdown): every acknowledged commit is there afterwards; and without syncs the same
# script finds commits that are gone. E2E_ROUNDS (3) cuts of each file system in each way.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

status=0
python3 "$here/tests/shutdown/shutdown.py" --store "$STORE" --rounds "${E2E_ROUNDS:-3}" "$scratch/cuts" || status=$?
((status != 77)) || skip 'needs root, loop devices and mkfs'
is "$status" 0

printf '#!/bin/sh\nexec "%s" --config core.fsync=false "$@"\n' "$(realpath "$STORE")" >"$scratch/bin/careless"
chmod +x "$scratch/bin/careless"
expect_exit 1 python3 "$here/tests/shutdown/shutdown.py" --store "$scratch/bin/careless" --file-systems ext4 --rounds 2 "$scratch/cuts"
