#!/usr/bin/env bash
# Right after any checkout, switch, restore or undo status is empty: as root and as an ordinary user, on ext4 and in memory, whatever
# the umask. Root's commits come to an ordinary user with owners and attributes that he may not give.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/odd_tree.bash
. "$here/tests/e2e/support/odd_tree.bash"

[[ $(id -u) == 0 ]] || skip 'mounting needs root'
need_nobody
# On a disk this small ext4 has blocks of 1 KiB, in which an extended attribute of 2,000 bytes has no place: no reason to fail.
ext4_disk 128M "$scratch/ext4"
small_disk 128M "$scratch/tmpfs"

mkdir "$scratch/source" && cd "$scratch/source"
store init -q && odd_tree && store commit -q -A -m 1 >"$out" 2>"$err"
store switch -q -c other
rm -r plain links && mkdir -m 500 plain && echo now >plain/file && chmod 600 closed/in 2>"$err" && chmod 700 closed
echo more >acl/file && ln -s x links && touch -d '2020-02-02 02:02:02.2' deep sticky && chmod 2770 setgid && chown 5:6 deep/er
store commit -q -A -m 2 >"$out" 2>"$err"
rm -f .store/index.*

# clean WORD…: the command succeeds and leaves nothing that status would show.
clean() {
  expect_exit 0 user "$@"
  is "$(user status --porcelain)" ''
}
for disk in ext4 tmpfs; do
  for uid in 0 65534; do
    as=(env)
    ((uid == 0)) || as=(as_nobody env HOME=/nonexistent)
    user() { (umask 077 && "${as[@]}" PATH="$PATH" store "$@"); }
    mkdir "$scratch/$disk/$uid" && cd "$scratch/$disk/$uid" && cp -a "$scratch/source/.store" . && chown -R $uid:$uid .
    clean checkout HEAD -- .
    clean switch main
    clean switch other
    rm -f plain/file && echo mine >acl/file
    clean restore .
    clean checkout main
    clean undo
    clean checkout other -- .
    rm -rf plain/* && echo mine >acl/file
    clean restore .
    echo mine >acl/file
    clean checkout --force main
    clean switch --detach HEAD~0
    user add -q -A 2>"$err"
    is "$(user status --porcelain)" ''
  done
done
