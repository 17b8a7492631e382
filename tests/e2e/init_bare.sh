#!/usr/bin/env bash
# A bare repository has no working tree; what needs one is refused with 10.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

is "$(json .result.created init --bare r)" true
[[ -f r/format && ! -e r/.store ]]
is "$(json .result.created init r)" false
is "$(json .result.created -C r init)" false
[[ ! -e r/.store ]]
expect_exit 10 store --json --repo r status
is "$(got .error.kind)" no_worktree
expect_exit 10 store --repo r add x
expect_exit 0 store --repo r log
expect_exit 0 store --repo r fsck
expect_exit 0 store -C r log

# --repo takes the folder that contains .store or the repository itself.
store init -q w
echo a >w/a
is "$(json .result.files --repo w add a)" 1
is "$(json .result.unchanged_files --repo w/.store add a)" 1
STORE_DIR=$PWD/w expect_exit 0 store commit -m x
expect_exit 10 store --repo nowhere log

# All that needs files says so, with the way out, before the first commit and after it; refs and their history need none.
store init -q --bare b
for state in empty filled; do
  while read -ra words; do
    expect_exit 10 store --repo b "${words[@]}"
    contains "$err" 'a bare repository has no working tree' && contains "$err" 'store checkout REV --out DIR'
  done <<'END'
status
add a
commit -m x
rm a
mv a b
restore a
restore --staged a
switch main
switch -c new
checkout main
checkout HEAD
checkout HEAD -- a
merge main
merge --abort
check-ignore a
diff
diff --staged
diff HEAD
verify --worktree
END
  if [[ $state == empty ]]; then
    is "$(store --repo b branch)$(store --repo b tag)$(store --repo b oplog)" ''
    expect_exit 1 store --repo b undo
    store --repo b save -q w -b main -m x >"$out"
  fi
done
store --repo b branch side && store --repo b tag t && store --repo b branch -d side
store --repo b undo >"$out"
is "$(store --repo b branch | tr -d '* \n')$(store --repo b tag)" mainsidet
is "$(json '.result.entries | length' --repo b oplog)" 5
store --repo b diff HEAD HEAD >"$out" && is "$(cat "$out")" ''
