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
expect_exit 3 as_nobody store --json diff
is "$(got '.result.failed | map(.path + "|" + .message) | sort | join(" ")')" 'b|open: Permission denied closed|open: Permission denied'
chmod 644 b && chmod 755 closed
is "$(staged)" '["modified a"]'

printf 'a\nnowhere\nb\n' >"$scratch/names"
chmod 644 "$scratch/names"
expect_exit 3 as_nobody store --json add --files-from "$scratch/names"
is "$(got '.result.failed | map(.path) | tojson')" '["nowhere"]'
is "$(staged)" '["modified a","modified b"]'

# So is a name in a directory that may not be searched; what is tracked there stays.
store() { as_nobody "$scratch/bin/store" "$@"; }
echo 5 >d/c && echo 111 >a && chmod 000 d
for names in 'a d/c' 'a d/none' 'a :(glob)d/*'; do
  read -ra paths <<<"$names"
  expect_exit 3 store --json add -n "${paths[@]}"
  is "$(got '[.result.files, (.result.failed | map(.path))] | tojson')" "[1,[\"$([[ $names == *glob* ]] && echo d || echo "${paths[1]}")\"]]"
done
printf 'd/c\na\n' >"$scratch/names"
expect_exit 3 store --json add --files-from "$scratch/names"
is "$(got '[.result.files, .result.failed[].path] | tojson')" '[1,"d/c"]'
is "$(got '.result.failed[].message')" 'stat: Permission denied'
is "$(store cat :a)" 111
is "$(store cat :d/c)" 3

# save leaves out what it cannot read; if that is the argument itself, nothing is saved.
expect_exit 3 store --json save . -b ci -m 1
is "$(got '[.result.committed, .result.failed[].path] | tojson')" '[true,"d"]'
is "$(json '.result.entries | map(.path) | tojson' ls -r ci)" '["a","b","closed","closed/x"]'
tip=$(json '.result.commits[0].id' log -n 1 ci)
expect_exit 3 store --json save --strict . -b ci -m 1
is "$(got '[.result.committed, .result.id] | tojson')" "[false,\"$tip\"]"
mkdir "$scratch/names.d" && echo x >"$scratch/names.d/x" && chmod 644 "$scratch/names.d"
chmod 000 b
for name in d d/c b "$scratch/names.d"; do
  expect_exit 3 store --json save "$name" -b other -m 1
  is "$(got '[.result.committed, .result.id, (.result.failed | length)] | tojson')" '[false,null,1]'
  got '.result.failed[0].path' | grep -q "$name\$"
  expect_exit 4 store log other
done
expect_exit 4 store save none -b other -m 1
expect_exit 3 store --json save d -b ci -m 1
is "$(got .result.id)" "$tip"
