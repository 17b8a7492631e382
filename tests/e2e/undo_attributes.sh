#!/usr/bin/env bash
# What a command discards comes back by undo as it was: bytes, mode, times, owner, extended attributes, access control lists; from rm -f,
# restore, and forced checkouts, tracked or not.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

look() { find . -path ./.store -prune -o -mindepth 1 ! -name d -printf '%P %y %m %U:%G %T@ %s %l\n' | sort; }
xattrs() { find . -path ./.store -prune -o -print0 | sort -z | xargs -0 getfattr -h -d -m 'user|trusted|posix_acl' 2>/dev/null || true; }
same() { look | diff "$scratch/before" - >"$err" && xattrs | diff "$scratch/before.x" - >"$err"; }
store init -q
mkdir d && echo one >d/f && echo two >g && ln -s g to && mkfifo fifo
first=$(store commit -q -A -m 1)
rm to && echo text >to && mkdir new && echo other >new/u && echo b >d/f && store commit -q -A -m 2 >"$out"
store checkout -q "$first"

# Modified, of another type, and untracked, all in the way; large values, too.
echo mine >d/f && echo mine >g && mkdir -m 750 new && echo untracked >new/u && chmod 640 d/f && chmod 600 new/u
setfattr -n user.a -v mine d/f 2>"$err" && setfattr -n user.large -v "$(words 1 900)" new/u
setfacl -m u:12345:rw g 2>"$err" || true
[[ $EUID != 0 ]] || chown 12:34 d/f new/u new
ln -sf mine to
touch -h -d '2001-01-01 01:01:01.123456789' d/f g new/u to new
look >"$scratch/before" && xattrs >"$scratch/before.x"
store checkout -q --force main && is "$(cat new/u d/f)" "$(printf 'other\nb')"
store undo -q && same
store restore -q d/f g to && is "$(cat d/f g)" "$(printf 'one\ntwo')"
store undo -q && same
store rm -q -f d/f g && [[ ! -e g && ! -e d/f ]]
store undo -q && same
# And undone once more: as the command had left it.
store undo -q && [[ ! -e g && ! -e d/f ]]
store undo -q && same
is "$(json '.result.problems | length' fsck)" 0
is "$(json .result.unreferenced_bytes stats)" 0

# A value that only the index names is referenced.
if setfattr -n user.large -v "$(words 2 900)" fifo 2>"$err" || setfattr -n user.large -v "$(words 2 900)" d; then
  store add -q -A && is "$(json .result.unreferenced_bytes stats)" 0
fi
