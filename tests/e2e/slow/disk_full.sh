#!/usr/bin/env bash
# A full disk: exit 9, nothing half-published, no leftovers in the way; after making room the same command works.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

small_disk 24M "$scratch/disk"
cd "$scratch/disk"
store init -q && echo small >small && store add -q -A && store commit -q -m 1 >"$out"
before=$(store --json log)
noise 1 14000000 >"$scratch/noise" && cp "$scratch/noise" big
expect_exit 9 store --json add -A
is "$(got '[.ok, .error.code, .error.kind] | tojson')" '[false,9,"no_space"]'
is "$(store --json log | jq -c .result)" "$(jq -c .result <<<"$before")"
is "$(json '.result.staged | length' status)" 0
expect_exit 0 store fsck
is "$(store cat HEAD:small)" small
store cat HEAD:small >"$out" && cmp "$out" small

mount -o remount,size=64M "$scratch/disk"
is "$(json .result.files add -A)" 2
store commit -q -m 2 >"$out"
is "$(json '.result.problems | length' fsck)" 0
store cat HEAD:big | cmp - "$scratch/noise"

# Checkout compares the free space with what it needs before the first byte.
small_disk 8M "$scratch/target"
expect_exit 9 store checkout HEAD --out "$scratch/target/o"
contains "$err" MiB
is "$(find "$scratch/target" -type f | wc -l)" 0
