#!/usr/bin/env bash
# docs/metadata.md: each row of its two tables is checked by a function of its name, and no function is left over; what the last column
# says is tried too.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

[[ $EUID == 0 ]] || skip 'owners and devices need root'
need_nobody
ext4_disk 96M "$scratch/disk"
mkdir "$scratch/disk/src" "$scratch/disk/user" && cd "$scratch/disk/src"
store init -q
bytes=$'\001byte\377s\n*'
mkdir -p d/empty modes && echo name >"$bytes" && echo x >d/file && mkfifo d/fifo && mknod d/char c 1 3 && mknod d/block b 259 70000
ln -s "$bytes/../$bytes" d/link && echo s >modes/7777 && chmod 7777 modes/7777 && echo z >modes/0 && chmod 0 modes/0 && chmod 1555 modes
noise 1 300000 >content && head -c 200000 /dev/zero >>content && noise 2 100 >>content
chown 12345:54321 d/file && chown -h daemon:bin d/link && setfattr -n user.x -v 1 d/file && setfattr -n trusted.x -v 2 d/file
setfattr -n security.x -v 3 d/file && setfacl -m u:12345:rw d/file && setfacl -d -m g:54321:rx d
ln d/file zz && ln d/link zz.link && ln d/fifo zz.fifo && ln d/char zz.char
truncate -s 3M holes && noise 3 4096 | dd of=holes bs=4096 seek=100 conv=notrunc status=none && head -c 1M /dev/zero >written
setfattr -n user.root -v 1 . && chmod 2715 . && chown 7:8 .
for name in d/file d/link d/fifo d/char d/empty; do touch -h -d '1999-09-09 09:09:09.123456789' "$name"; done
touch -d '1970-01-01 00:00:00.000000001' d && touch -d '2038-02-02 02:02:02.5' .
store add -q -A && store commit -q -m 1 >"$out"
roots=$scratch/disk/roots users=$scratch/disk/user/o
store checkout -q HEAD --out "$roots"
chown 65534:65534 "$scratch/disk/user"
expect_exit 0 as_nobody env STORE_SAFE_DIRECTORY='*' HOME=/nonexistent "$scratch/bin/store" checkout HEAD --out "$users"

# same FORMAT NAME…: find -printf says the same of each in the source and in root's checkout.
same() {
  local format=$1
  shift
  diff <(find "$@" -maxdepth 0 -printf "%p $format\n") <(cd "$roots" && find "$@" -maxdepth 0 -printf "%p $format\n") >&2
}
# off KEY…: a checkout of what is committed with these turned off.
off() {
  local options=() key
  for key; do options+=("--config=$key=false"); done
  rm -rf "$scratch/disk/off"
  store "${options[@]}" save -q . -b "off-$1" -m off >"$out" 2>"$err"
  store checkout -q "off-$1" --out "$scratch/disk/off" 2>"$err"
}
everything() { find . -path ./.store -prune -o -mindepth 1 -printf '%P\0' | sort -z; }
types() { find . -path ./.store -prune -o -mindepth 1 -printf '%P %y\0' | sort -z; }

check_name() { diff <(everything | tr '\0' '\n') <(cd "$roots" && everything | tr '\0' '\n') >&2; }
check_type() {
  types >"$scratch/types"
  (cd "$roots" && types) | cmp - "$scratch/types"
  for type in f d l p c b; do grep -zqa " $type\$" "$scratch/types"; done
  [[ -p $users/d/fifo && ! -e $users/d/char && ! -e $users/d/block ]]
}
check_permission_bits() {
  same %m modes modes/7777 modes/0 d d/fifo
  is "$(cd "$users" && stat -c %a modes/7777 modes/0 modes | paste -sd ' ')" '1777 0 1555'
  mkdir -p "$scratch/exec/e" && cd "$scratch/exec" && store init -q --permissions exec && echo 1 >run && echo 2 >plain && chmod 710 run && chmod 6604 plain && chmod 700 e
  store commit -q -A -m 1 >"$out"
  is "$(json '.result.entries | map(.mode) | join(" ")' ls)" '0755 0644 0755'
}
check_content() {
  cmp content "$roots/content"
  cmp holes "$roots/holes"
  cmp written "$roots/written"
}
check_target_of_a_symlink() { is "$(readlink "$roots/d/link")" "$bytes/../$bytes"; }
check_device_number() {
  same '' d/char d/block
  is "$(cd "$roots" && stat -c %t:%T d/char d/block | paste -sd ' ')" '1:3 103:11170'
}
check_modification_time() {
  same %T@ d d/file d/link d/fifo d/char d/empty content .
  SOURCE_DATE_EPOCH=1000000000 store save -q . -b dated -m 1 >"$out" && store checkout -q dated --out "$scratch/disk/dated"
  is "$(cd "$scratch/disk/dated" && stat -c %Y content d/file | paste -sd ' ')" "1000000000 936868149"
  off metadata.times && isnt "$(stat -c %y "$scratch/disk/off/d/file")" "$(stat -c %y d/file)"
}
check_owner__group() {
  same %U:%G d/file d/link content
  is "$(stat -c %u:%g "$users/d/file")" 65534:65534
  off metadata.owners && is "$(stat -c %u:%g "$scratch/disk/off/d/file")" 0:0
}
check_extended_attributes() {
  list() { getfattr -d -m '^(user|trusted|security)' d/file; }
  diff <(list) <(cd "$roots" && list) >&2
  is "$(cd "$users" && list | grep -c =)" 1
  off metadata.xattrs && is "$(cd "$scratch/disk/off" && list)" ''
}
check_access_control_lists() {
  list() { getfacl -n d d/file; }
  diff <(list) <(cd "$roots" && list) >&2
  off metadata.acls && isnt "$(cd "$scratch/disk/off" && list)" "$(list)"
}
check_hard_links() {
  same %n d/file zz d/link zz.link d/fifo zz.fifo d/char zz.char
  is "$(cd "$roots" && stat -c %i d/file zz d/link zz.link d/fifo zz.fifo d/char zz.char | uniq -c | awk '{ print $1 }' | paste -sd ' ')" '2 2 2 2'
  off metadata.hardlinks && is "$(stat -c %h "$scratch/disk/off/zz")" 1
}
check_holes() { same %b holes written; }
check_the_root_directory() {
  same '%m %U:%G %T@' .
  is "$(cd "$roots" && getfattr --only-values -n user.root .)" 1
  mkdir "$scratch/disk/place" && cd "$scratch/disk/place" && cp -a ../src/.store . && rm -f .store/index.*
  store checkout -q --force main
  is "$(stat -c '%a %u %y' .)" "755 0 $(stat -c %y "$roots")"
}

known=$(declare -F | sed -n 's/^declare -f check_//p' | sort)
rows=$(sed -n '/^| in the tree /,/^Without attributes/p' "$here/docs/metadata.md" | sed -n 's/^| \([^|]*[^| ]\) *|.*/\1/p' |
  grep -v -e '^in the ' -e '^---' | sed 's/[^a-zA-Z]/_/g' | sort)
at_least "$(wc -l <<<"$rows")" 13
is "$rows" "$known"
for row in $rows; do (cd "$scratch/disk/src" && "check_$row"); done
