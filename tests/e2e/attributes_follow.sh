#!/usr/bin/env bash
# A checkout or switch between commits that have the same content takes their attributes along, and nothing but these: times, owners,
# extended attributes, access control lists, links. What is modified, staged or gone keeps what it has.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

look() { stat -c '%y' . && find . -path ./.store -prune -o -mindepth 1 -printf '%P %y %m %U:%G %T@ %n\n' | sort; }
xattrs() { getfattr -R -d -m 'user|trusted|posix_acl' . 2>/dev/null | grep -v '^# file: .store' || true; }
clean() { is "$(store status --porcelain)" ''; }
with_xattrs=false with_acls=false
touch probe && setfattr -n user.x -v 1 probe 2>/dev/null && with_xattrs=true
setfacl -m u:12345:rw probe 2>/dev/null && with_acls=true
rm probe

store init -q
mkdir -p d/e/f same/deep closed && for i in $(seq 300); do echo "$i" >"d/e/$i"; done
echo a >d/a && echo b >d/e/f/b && echo s >same/deep/s && ln -s a d/link && echo one >one && cp one two && cp one three && ln one four
echo r >read_only && echo in >closed/in && mkfifo fifo
$with_xattrs && setfattr -n user.old -v old d/a && setfattr -n user.kept -v 1 d/a && setfattr -n user.r -v 1 read_only
$with_acls && setfacl -m u:12345:r d/e/f/b && setfacl -d -m u:12345:rwx d/e
chmod 444 read_only && chmod 555 closed
find . -path ./.store -prune -o -exec touch -h -d '2001-01-01 01:01:01.1' {} +
store commit -q -A -m first >"$out" && look >"$scratch/first" && xattrs >"$scratch/first.x"

store switch -q -c second
rm two three && ln one two && ln d/e/f/b three && rm three && echo one >three && cp -p four alone && mv alone four
if $with_xattrs; then
  setfattr -x user.old d/a && setfattr -n user.new -v new d/a && setfattr -n user.kept -v 2 d/a
  chmod 644 read_only && setfattr -n user.r -v 2 read_only && chmod 444 read_only
fi
$with_acls && setfacl -b d/e/f/b && setfacl -k d/e && setfacl -m u:23456:r d/e/300
if [[ $EUID == 0 ]]; then chown -h 12:34 d/link d/e/7 fifo && chown 56 d/e; fi
touch -h -d '2002-02-02 02:02:02.2' d/a d/e/1 d/e/f d/link fifo closed/in closed && touch -d '2003-03-03' d/e .
first_tree=$(json '.result.commits[0].tree' log -n 1)
store add -q -A && store commit -q --allow-empty -m second >"$out" && look >"$scratch/second" && xattrs >"$scratch/second.x"
is "$(json '.result.commits[0].tree' log -n 1)" "$first_tree"

# Back and forth: exactly what was recorded, and nothing that is the same is touched.
inode=$(stat -c '%i %z' same/deep/s d/e/2)
for branch in main second main second; do
  json '.result | [.failed, .removed]' switch $branch >"$err"
  clean
  name=$([[ $branch == main ]] && echo first || echo second)
  look | diff "$scratch/$name" - >"$err"
  xattrs | diff "$scratch/$name.x" - >"$err"
done
is "$(stat -c '%i %z' same/deep/s d/e/2)" "$inode"
store undo -q && clean && look | diff "$scratch/first" - >"$err" && xattrs | diff "$scratch/first.x" - >"$err"
store undo -q && clean && look | diff "$scratch/second" - >"$err"
# What a commit made now records is what was taken along, not what was there before.
store commit -q --allow-empty -m again >"$out" && store checkout -q HEAD --out "$scratch/again"
(cd "$scratch/again" && look) | diff "$scratch/second" - >"$err"

# Local changes stay as they are; the switch carries them along.
store switch -q main
echo mine >d/a && touch -d '2010-10-10' d/a && rm d/e/1 && chmod 700 d/e/f && echo staged >d/e/7 && store add -q d/e/7
touch -d '2011-11-11' same/deep/s
store switch -q second
is "$(stat -c %y d/a | cut -d . -f 1) $(cat d/a)" '2010-10-10 00:00:00 mine'
is "$(stat -c %a d/e/f)" 700
is "$(stat -c %y same/deep/s | cut -c 1-4)" 2011
is "$(store status --porcelain)" ' M d/a
 D d/e/1
M  d/e/7
 M d/e/f/'
# What is staged of them is the second commit's.
store commit -q -m carried >"$out" && store checkout -q HEAD --out "$scratch/carried"
is "$(stat -c %y "$scratch/carried/d/a" "$scratch/carried/d/e/1")" "$(printf '2002-02-02 02:02:02.200000000 +0000\n%.0s' 1 2)"
store restore -q . && clean

# Turned off, they stay as they are.
store checkout -q --force main
look | diff "$scratch/first" - >"$err"
(export STORE_METADATA_{TIMES,OWNERS,XATTRS,ACLS,HARDLINKS}=false && store checkout -q second~1)
look | diff "$scratch/first" - >"$err" && clean
