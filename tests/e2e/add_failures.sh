#!/usr/bin/env bash
# What cannot be read does not stop the rest, is named, and keeps what the index had.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

need_nobody
staged() { as_nobody store --json status | jq -c '.result.staged | map(.change + " " + .path)'; }

echo 1 >a && echo 2 >b && mkdir d closed && echo 3 >d/c && echo 4 >closed/x
if ((EUID == 0)); then chown -R 65534:65534 .; fi
as_nobody store init -q
as_nobody store add -q -A
as_nobody store commit -qm one >"$out"

echo 11 >a && echo 22 >b && chmod 000 b closed
expect_exit 3 as_nobody store --json add -A
is "$(got '.result.failed | map(.path) | sort | tojson')" '["b","closed"]'
is "$(got '[.ok, .error.code, .error.kind] | tojson')" '[false,3,"partial"]'
is "$(got '.result.failed | map(.message | length > 0) | all')" true
is "$(as_nobody store cat :closed/x)" 4
is "$(as_nobody store cat :b)" 2
chmod 644 b && chmod 755 closed
is "$(staged)" '["modified a"]'

printf 'a\nnowhere\nb\n' >"$scratch/names"
chmod 644 "$scratch/names"
expect_exit 3 as_nobody store --json add --files-from "$scratch/names"
is "$(got '.result.failed | map(.path) | tojson')" '["nowhere"]'
is "$(staged)" '["modified a","modified b"]'
