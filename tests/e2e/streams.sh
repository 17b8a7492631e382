#!/usr/bin/env bash
# stdout is data: a closed one ends with 141 without a word; a full one with 9.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
noise 1 3000000 >big && store add -q -A && store commit -q -m 1 >"$out"
{ store cat HEAD:big 2>"$err" && echo 0 >"$scratch/status" || echo $? >"$scratch/status"; } | head -c 1 >/dev/null
is "$(cat "$scratch/status")" 141
is "$(cat "$err")" ''
expect_exit 9 bash -c 'store cat HEAD:big >/dev/full'
expect_exit 9 bash -c 'store log >/dev/full'
# A command that writes finishes its work first; a closed stderr stops nothing.
echo 2 >a && store add -q a
{ store commit -m 2 2>"$err" && echo 0 >"$scratch/status" || echo $? >"$scratch/status"; } | true
is "$(json '.result.commits | length' log)" 2
echo 3 >a
store add -A 2>&- >"$out"
is "$(json '.result.staged | length' status)" 1
