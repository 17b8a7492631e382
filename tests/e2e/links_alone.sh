#!/usr/bin/env bash
# A hard link that is restored alone becomes one again: of the first name of its file, or of any other that is there unchanged.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

links() { stat -c %h a d/m z | tr '\n' ' '; }
inodes() { stat -c %i a d/m z | sort -u | wc -l; }
linked() {
  is "$(links)" '3 3 3 '
  is "$(inodes)" 1
  is "$(store status --porcelain)" ''
}
store init -q && mkdir d && noise 1 200000 >a && cp a alone && store commit -q -A -m single >"$out"
ln a d/m && ln a z && store commit -q -A -m linked >"$out"

for name in a d/m z; do
  rm "$name" && store restore -q "$name" && linked
  rm "$name" && store checkout -q HEAD -- "$name" && linked
  rm "$name" && store checkout -q --force main && linked
  # Its own file, with other bytes, in the place of one of the links.
  cp a copy && printf x >>copy && mv -f copy "$name" && store restore -q "$name" && linked
done
rm a d/m && store restore -q d/m && store restore -q a && linked
rm a d/m z && store restore -q d/m && store restore -q z && store restore -q a && linked
rm a d/m z && store restore -q . && linked

# Only if the other one is as it should be, and if the revision has them as one file.
rm a && echo other >z && store restore -q a
is "$(stat -c %h a)" 1
is "$(store status --porcelain)" ' M d/m
 M z'
store checkout -q --force main && linked
rm a && store checkout -q HEAD~1 -- a
is "$(stat -c %h a d/m)" '1
2'
store checkout -q --force main
rm a && store --config metadata.hardlinks=false restore -q a
is "$(stat -c %h a)" 1
is "$(json '.result.problems | length' fsck)" 0

# In another folder, what is there already counts.
store checkout -q --force main && store checkout -q HEAD --out "$scratch/o"
for name in a d/m z; do
  rm "$scratch/o/$name" && store checkout -q HEAD --out "$scratch/o"
  is "$(cd "$scratch/o" && links)" '3 3 3 '
done
rm "$scratch/o/a" && echo other >"$scratch/o/z"
expect_exit 7 store checkout -q HEAD --out "$scratch/o"
store checkout -q --force HEAD --out "$scratch/o"
is "$(cd "$scratch/o" && links)" '3 3 3 '

# The same for what is no regular file.
ln -s nowhere link && ln link d/link && mkfifo fifo && ln fifo d/fifo && store commit -q -A -m others >"$out"
for name in link d/link fifo d/fifo; do
  rm "$name" && store restore -q "$name"
  is "$(stat -c %h "$name")" 2
  is "$(store status --porcelain)" ''
done
