#!/usr/bin/env bash
# switch: branches, the previous one, new ones, detached; what is refused and what is carried along.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
store switch -q -c first
is "$(json .result.branch status)" first
store switch -q -c main
echo 1 >a && mkdir d && echo 1 >d/b && store add -q . && first=$(store commit -qm 1)
expect_exit 4 store switch -
is "$(store switch -c dev)" 'on branch dev'
echo 2 >a && echo new >d/new && store add -q . && second=$(store commit -qm 2)
json '"\(.result.branch) \(.result.head) \(.result.written) \(.result.removed)"' switch main >"$scratch/answer"
is "$(cat "$scratch/answer")" "main $first 1 1"
is "$(cat a)$(ls d)" 1b
store switch - >"$out"
contains "$out" 'on branch dev'
is "$(cat a)$(cat d/b d/new | tr '\n' ' ')" '21 new '
store switch -q -
is "$(json .result.branch status)" main
is "$(store status --porcelain)" ''

# A commit is no branch.
store tag v1
for name in v1 "$first" HEAD~0; do
  expect_exit 2 store switch "$name"
  contains "$err" '--detach'
done
expect_exit 4 store switch de
contains "$err" dev
expect_exit 2 store switch
expect_exit 2 store switch main dev
expect_exit 7 store switch -c dev
expect_exit 2 store switch -c a..b
store switch --detach dev >"$out"
contains "$out" 'on no branch'
is "$(json '"\(.result.branch) \(.result.detached) \(.result.head)"' status)" "null true $second"
store switch -q -
is "$(json .result.branch status)" main

# Changes that are not in the way come along; others are listed, and nothing is touched.
echo mine >d/b
store switch -q dev
is "$(store status --porcelain)" ' M d/b'
echo mine >a
expect_exit 7 store --json switch main
is "$(got '.error.paths | join(" ")')" a
is "$(json .result.branch status)" dev
store switch -q --force main
is "$(cat a)$(cat d/b)$(store status -s)" 11
store undo -q
is "$(cat a)$(cat d/b)$(json .result.branch status)" mineminedev

# A new branch at an old commit.
store restore -q .
store switch -q -c fix main
is "$(cat a)$(json .result.branch status)" 1fix
is "$(json '.result.entries[0].refs | map(.name) | join(" ")' oplog)" 'refs/heads/fix HEAD'

# A file of the user's where a folder is tracked, inside a folder that becomes a file: listed, and out of the way with --force.
store init -q ../swap && cd ../swap
echo f >d && store commit -q -A -m file >"$out"
store switch -q -c folder
rm d && mkdir -p d/in && echo x >d/in/x && store commit -q -A -m folder >"$out"
rm -r d/in && echo mine >d/in
expect_exit 7 store --json switch main
is "$(got '.error.paths | join(" ")')" d/in
store switch -q --force main
is "$(cat d)$(store status -s)" f

# A directory removed by hand: what differs in it is written, what does not stays deleted; nothing is made that nothing needs.
store init -q ../absent && cd ../absent
mkdir -p d/e && echo 1 >d/a && echo 1 >d/b && echo 1 >d/e/gone && echo 1 >d/e/x && chmod 750 d && store commit -q -A -m 1 >"$out"
store switch -q -c fewer
rm d/e/gone && store commit -q -A -m 2 >"$out"
store switch -q -c more
echo 2 >d/a && store commit -q -A -m 3 >"$out"
store switch -q main
rm -r d
store switch -q fewer
[[ ! -e d ]] || fail 'a directory came back for nothing'
is "$(store status -s | sort | paste -sd ,)" ' D d/a, D d/b, D d/e/x'
store switch -q more
is "$(find d -type f) $(stat -c %a d)" 'd/a 750'
is "$(store status -s | sort | paste -sd ,)" ' D d/b, D d/e/x'
store undo -q
[[ ! -e d ]] || fail 'undo left a directory'
