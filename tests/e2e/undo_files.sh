#!/usr/bin/env bash
# undo brings back the working tree as it was before the operation, whatever was there and whatever was not; redo too.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

state() {
  store branch && listing && contents
  store --json ls -r : | jq -c '.result.entries[] | [.path, .type, .mode, if .type == "directory" then "" else .id end]'
  store --json status | jq -c '[.result.branch, .result.head, .result.staged, .result.unstaged, .result.untracked]'
}
# there_and_back COMMAND…: undo brings back what was, undo again what the command made.
there_and_back() {
  state >"$scratch/before"
  expect_exit 0 "$@"
  state >"$scratch/after"
  expect_exit 0 store undo
  diff "$scratch/before" <(state) >&2 || fail "undo of: $*"
  expect_exit 0 store undo
  diff "$scratch/after" <(state) >&2 || fail "redo of: $*"
  expect_exit 0 store undo
  diff "$scratch/before" <(state) >&2 || fail "second undo of: $*"
}
# start NAME: a new repository with one commit on main.
start() {
  store init -q "$scratch/$1" && cd "$scratch/$1"
  echo 1 >z && store commit -q -A -m 1 >"$out"
}
# branch_off NAME: what is there as a branch; back on main.
branch_off() {
  store switch -q -c "$1" && store commit -q -A -m "$1" >"$out" && store switch -q main
}

# A directory comes where a file or link was that nobody had committed.
for kind in file link; do
  start "over $kind"
  mkdir b && echo x >b/x && echo y >b/y && branch_off t
  if [[ $kind == file ]]; then echo WORK >b; else ln -s nowhere b; fi
  there_and_back store switch -q -f t
  there_and_back store checkout -q -f t -- b
  [[ $kind == link ]] || there_and_back store checkout -q -f t -- b/x
  there_and_back store restore -q --source t b
  # What came into that directory since is not lost with it.
  store switch -q -f t && echo new >b/new
  expect_exit 7 store --json undo
  is "$(got '.error.paths | join(" ")')" b/new
  is "$(cat b/new b/x)" $'new\nx'
  rm b/new && echo changed >b/y
  expect_exit 7 store undo
  echo y >b/y && expect_exit 0 store undo
done

# A file in place of a tracked directory, inside one that becomes a file.
start 'file for directory'
mkdir -p p/d && echo x >p/d/x && echo k >p/k && store commit -q -A -m 2 >"$out"
rm -r p && echo file >p && branch_off t
rm -r p/d && echo WORK >p/d
there_and_back store switch -q -f t
there_and_back store restore -q p
there_and_back store checkout -q -f main -- p/d

# restore --source: what it wrote is known, though the index is not like it.
start source
mkdir d && echo old >d/f && echo old >only.old && ln -s old l && store commit -q -A -m old >"$out"
echo new >d/f && rm only.old l && ln -s new l && echo more >d/more && store commit -q -A -m new >"$out"
echo WORK >d/f
there_and_back store restore -q --source HEAD~1 .
there_and_back store restore -q --source HEAD~1 d/f l only.old
echo untracked >only.old && chmod 600 only.old
there_and_back store restore -q --source HEAD~1 only.old
store restore -q --source HEAD~1 d/f && echo newer >d/f
expect_exit 7 store --json undo
is "$(got '.error.paths | join(" ")')" d/f
is "$(cat d/f)" newer
store restore -q --source HEAD~1 d/f
rm d/f && mkdir d/f && echo inside >d/f/x
there_and_back store restore -q --source HEAD~1 d/f
there_and_back store restore -q d
rm -r d
there_and_back store restore -q --source HEAD~1 d
there_and_back store restore -q --source HEAD~1 d/f

# A file that was there already, as it was to become, was nobody's to remove.
start adopted
mkdir u && echo same >u/f && echo same >same && mkfifo -m 600 fifo && branch_off t
mkdir u && echo same >u/f && echo same >same && mkfifo -m 600 fifo && touch -d 2001-02-03 same && chmod 700 u
there_and_back store switch -q t
there_and_back store checkout -q t -- same
there_and_back store merge -q t
there_and_back store merge -q --no-ff t
is "$(stat -c %y same)" '2001-02-03 00:00:00.000000000 +0000'

# What had been deleted by hand was not there before.
start deleted
mkdir -p d/e && echo 1 >d/a && echo 1 >d/b && echo 1 >d/e/c && echo 1 >f && store commit -q -A -m 2 >"$out"
echo 2 >d/a && echo 2 >f && rm -r d/e && branch_off t
rm -r f d
there_and_back store restore -q f
store oplog -n 1 >"$out" && contains "$out" 'store undo'
there_and_back store restore -q d
there_and_back store restore -q d/b
there_and_back store restore -q .
there_and_back store switch -q t
there_and_back store switch -q -f t
there_and_back store checkout -q -f main
there_and_back store checkout -q t -- d
there_and_back store rm -q f
there_and_back store rm -q -r d
store restore -q d && echo other >d/new
expect_exit 0 store undo
is "$(listing | grep d/)" 'f 0644 d/new'
store restore -q . && echo changed >d/a
expect_exit 7 store undo

# A mode alone.
store checkout -q -f main && chmod 700 d d/e && chmod 600 f
there_and_back store restore -q d
there_and_back store restore -q f
there_and_back store checkout -q -f main

# What has no bytes: FIFOs, empty directories, modes of directories.
start 'no bytes'
echo file >u && echo 1 >p && branch_off t
mkdir -p u/empty/er u/full && chmod 700 u/empty u/full && echo 1 >u/full/x && mkfifo -m 600 u/fifo p
there_and_back store switch -q -f t
rm -r u && mkdir -m 711 u
there_and_back store switch -q -f t
there_and_back store checkout -q -f t -- u p
is "$(stat -c '%a %F' u p | paste -sd ,)" '711 directory,600 fifo'

# What stands in the place of what is tracked, and what was edited to be as it is to become.
start places
mkdir d g && echo 1 >d/x && echo 1 >f && echo 1 >g/x && echo 1 >e && store commit -q -A -m 2 >"$out"
rm -r f g && echo file >g && echo 2 >e && branch_off t
echo 2 >e && rm f && mkdir f && echo u >f/u && chmod 700 g
there_and_back store switch -q t
is "$(cat e f/u)" $'2\nu'
rm -r d && echo WORK >d
there_and_back store rm -q -r -f d
there_and_back store switch -q -f t

# A file in the place of an empty tracked directory that the target does not have.
start 'empty directory'
store switch -q -c t && store switch -q main
mkdir e && store commit -q -A -m e >"$out"
rmdir e && echo WORK >e
there_and_back store switch -q t
is "$(cat e)" WORK

# What an earlier entry had discarded is nothing that a later one, there and back between the same states, brought back.
start 'there again'
store branch t
ln -sf nowhere z
store switch -q -f t
ln -sf nowhere z
there_and_back store switch -q main

# mv --force: what came in the place of a file goes back to where it was, as it was; modified, too.
start moved
echo 1 >a && echo 2 >b && store commit -q -A -m 2 >"$out"
there_and_back store mv -q -f a b
echo mine >a && echo WORK >b && echo untracked >u
there_and_back store mv -q -f a b
there_and_back store mv -q -f a u
store mv -q -f a b && echo newer >b
expect_exit 7 store undo
is "$(cat b)" newer
