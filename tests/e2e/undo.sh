#!/usr/bin/env bash
# undo and oplog: each kind of entry taken back, and undo twice is redo.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

state() { store branch | tr '\n' ' ' && store ls -r : | tr '\n' ' ' && find . -name .store -prune -o -type f -printf '%P=' -exec cat {} \; | sort | tr '\n' ' ' && store --json status | jq -c '[.result.branch, .result.head, .result.staged, .result.unstaged, .result.untracked]'; }
# there_and_back COMMAND…: undo brings back what was, undo again what the command made.
there_and_back() {
  state >"$scratch/before"
  expect_exit 0 "$@"
  state >"$scratch/after"
  expect_exit 0 store undo
  state | diff "$scratch/before" - || fail "undo of: $*"
  expect_exit 0 store undo
  state | diff "$scratch/after" - || fail "redo of: $*"
  expect_exit 0 store undo
  state | diff "$scratch/before" - || fail "second undo of: $*"
}

store init -q
expect_exit 1 store undo
expect_exit 1 store --json undo
is "$(got .ok)" true
is "$(got '.result.undone | length')" 0
mkdir d && echo 1 >a && echo 1 >d/b && echo 1 >d/c
store add -q .
there_and_back store commit -qm 1
store commit -qm 1 >"$out"
echo 2 >a && echo 2 >new
there_and_back store commit -q -A -m 2
there_and_back store commit -q -a -m 2
store commit -q -A -m 2 >"$out"
there_and_back store commit -q --amend -m better
there_and_back store branch dev HEAD~1
store branch dev HEAD~1
there_and_back store branch -d dev
there_and_back store branch -m dev other
there_and_back store branch -f dev main
there_and_back store tag v1
store tag v1
there_and_back store tag -f v1 HEAD~1
there_and_back store tag -d v1
there_and_back store save -q d -b built -m built
there_and_back store switch -q dev
there_and_back store switch -q -c topic HEAD~1
there_and_back store checkout -q HEAD~1
echo changed >d/b
there_and_back store switch -q dev
there_and_back store restore -q d/b
there_and_back store restore -q --source HEAD~1 d/b
store add -q d/b
there_and_back store restore -q --staged d/b
there_and_back store checkout -q --force HEAD -- d/b
store restore -q --staged d/b
echo mine >a
there_and_back store switch -q --force dev
there_and_back store rm -q -f a
there_and_back store rm -q -r -f d
store restore -q a d
there_and_back store rm -q a
there_and_back store rm -q -r d

# What the source lacks goes, also what was changed in it; nothing of it is lost.
mkdir new.d && echo 3 >new.d/x && echo 3 >k && store add -q new.d k && store commit -qm new >"$out"
echo changed >k
there_and_back store restore -q --source HEAD~1 new.d/x k
there_and_back store restore -q --source HEAD~1 k
store undo -q && [[ ! -e k ]] && is "$(store status -s)" ' D k' && store undo -q
# Force leaves what is tracked as the revision has it, and brings it back.
echo staged >a && store add -q a && echo changed >d/b && echo n >n && store add -q n && echo changed >n
there_and_back store checkout -q --force HEAD
there_and_back store switch -q --force dev
store checkout -q --force HEAD && is "$(store status -s)" ''
store undo -q && store rm -q -f n && store checkout -q --force HEAD && is "$(store status -s)" ''

# A file or ref that has changed since is not written over.
store rm -q a
echo other >a
expect_exit 7 store --json undo
is "$(got '.error.paths | join(" ")')" a
is "$(cat a)" other
rm a && store undo -q && is "$(cat a)" 2
store branch gone && store branch -q -d gone && store branch gone HEAD~1
id=$(json '.result.entries[1].id' oplog)
expect_exit 7 store undo "$id"
store branch -q -d gone && expect_exit 0 store undo "$id"
is "$(store branch | grep -c gone)" 1

# The last few together, and one by its id.
head=$(head_id)
for i in x y z; do echo $i >"$i" && store add -q "$i" && store commit -qm "$i" >"$out"; done
store undo -q 3
is "$(head_id)" "$head"
is "$(store ls -r : | grep '^[xyz]$')" x  # it was staged before the first of them
is "$(cat x y z | tr '\n' ' ')" 'x y z '
store undo -q
is "$(json '.result.commits | map(.message) | join(" ")' log -n 3)" 'z y x'
expect_exit 4 store undo deadbeef00
expect_exit 2 store undo zzz
expect_exit 4 store undo 999

# The oplog: newest first, with command lines.
is "$(json '.result.entries[0].command' oplog)" 'store undo -q'
is "$(store oplog -n 2 | wc -l)" 2
is "$(json '.result.entries[0].refs[0] | "\(.name) \(.new)"' oplog)" "refs/heads/main $(head_id)"

# It says what it took back, which is not what was done last if that was an add, and how to do it again.
store branch -q named HEAD~1 && echo new >named && store add -q named
id=$(json '.result.entries[0].id' oplog)
expect_exit 0 store undo
is "$(head -n 1 "$out" | sed 's|back .* store|back store|')" 'took back store branch -q named HEAD~1'
contains "$out" "${id:0:10}"
contains "$out" 'store undo does it again'
is "$(store status --porcelain named)" 'A  named'
expect_exit 0 store --json undo 2
is "$(got '.result.undone[] | .command')" $'store undo\nstore branch -q named HEAD~1'
is "$(got '.result.undone[1].id')" "$id"
store branch -q named HEAD~1 && expect_exit 0 store undo "${id:0:12}"
contains "$out" "${id:0:10}"
store rm -q -f named

# Where a ref was.
is "$(json '.result.commits[0].id' log 'main@{0}' -n 1)" "$(head_id)"
is "$(json '.result.commits[0].id' log '@{1}' -n 1)" "$head"
is "$(json '.result.commits[0].id' log 'HEAD@{now}' -n 1)" "$(head_id)"
expect_exit 4 store log 'main@{2 days ago}'
expect_exit 4 store log 'main@{1000}'
expect_exit 2 store log 'main@{nonsense}'
is "$(json .result.problems fsck | jq length)" 0

# What was staged as deleted before a switch is staged as deleted after its undo, whatever lies in its place.
for again in 'mkdir d' ':'; do
  store init -q "$scratch/staged ${again%% *}" && cd "$scratch/staged ${again%% *}"
  echo 1 >f && store commit -q -A -m 1 >"$out"
  mkdir d && echo 1 >d/a && echo 1 >d/b && store commit -q -A -m 2 >"$out"
  store branch t HEAD~1
  rm -r d && store add -q -A && $again
  is "$(store status --porcelain | grep '^D' | paste -sd ,)" 'D  d/a,D  d/b'
  store switch -q t && store undo -q
  is "$(store status --porcelain | grep '^D' | paste -sd ,)" 'D  d/a,D  d/b'
  is "$(store ls -r :)" f
done

# mv -f stores what it overwrites, tracked or not.
store init -q "$scratch/moved" && cd "$scratch/moved"
echo 1 >a && echo B >b && store commit -q -A -m 1 >"$out"
echo precious >b && echo untracked >u
store mv -q -f a b && is "$(cat b)" 1
store undo -q
is "$(cat a b | paste -sd ,)$(store status --porcelain | paste -sd ,)" '1,precious M b,?? u'
store mv -q -f a u && is "$(cat u)" 1
store undo -q
is "$(cat a u | paste -sd ,)" '1,untracked'
store mv -q a c
is "$(json '.result.entries[0].command' oplog)" 'store undo -q'

# Which branch or tag is back where is said, and nothing of the current branch, which has not moved.
store init -q "$scratch/refs" && cd "$scratch/refs"
echo 1 >a && one=$(store -q commit -Am 1) && mkdir "$scratch/folder" && nightly=$(store -q save "$scratch/folder" -b nightly -m x)
is "$(store undo | sed 1,2d)" 'branch nightly is gone again'
is "$(store undo | sed 1,2d)" "branch nightly is back at ${nightly:0:10}"
store branch -q -d -f nightly
is "$(store undo | sed 1,2d)" "branch nightly is back at ${nightly:0:10}"
store tag v1 && store commit -q --allow-empty -m 2 >"$out" && store tag -q -f v1
is "$(store undo | sed 1,2d)" "tag v1 is back at ${one:0:10}"
store switch -q -c side
is "$(store undo | sed 1,2d)" $'branch side is gone again\non branch main'
is "$(store undo 2 | sed 1,3d)" 'on branch main'
