#!/usr/bin/env bash
# A file system that knows neither owners nor modes nor links: what it has no place for is left out, status is empty afterwards, and
# the next commit has everything all the same. As root and as an ordinary user, whatever the umask.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p d/e && echo x >d/f && chmod 640 d/f && chmod 750 d && ln d/f g && echo y >h && chmod 755 h
noise 1 300000 >large && : >empty && chmod 600 empty && mkdir -m 700 void && echo r >read_only && chmod 444 read_only
truncate -s 1M holes && printf data | dd of=holes bs=1 seek=500000 conv=notrunc status=none
setfattr -n user.note -v some h 2>"$err" || true
if [[ $(id -u) == 0 ]]; then chown 12:34 d/f && chmod 4755 h; fi
touch -d '2001-02-03 04:05:06.123456789Z' d/f && touch -d '2001-02-03 04:05:07.5Z' h d/e d
store commit -q -A -m 1 >"$out"
describe() { (cd "$1" && find . -path ./.store -prune -o -mindepth 1 -printf "%P %y %m %U:%G $2 %s %n %l\n" | sort); }
(export STORE_METADATA_{TIMES,OWNERS,XATTRS,ACLS,HARDLINKS}=false && store commit -q -m 'no attributes' --allow-empty >"$out")
cp -a .store "$scratch/plain"
touch changed && ln -s d/f link && mkdir odd && ln -s /nowhere odd/dangling && store commit -q -A -m 2 >"$out"
store checkout -q HEAD~2 && kept=$scratch/kept && cp -a . "$kept"

# on_vfat UID REPOSITORY: a working tree on a new disk; the repository itself lies elsewhere, for FAT through FUSE cannot hold one.
on_vfat() {
  as=(env)
  (($1 == 0)) || as=(as_nobody env HOME=/nonexistent)
  user() { (umask 077 && cd "$disk" && "${as[@]}" PATH="$PATH" store "$@"); }
  disk=$scratch/disk${#mounts[@]}
  vfat_disk 64M "$disk" "$1"
  cp -a "$2" "$disk.store" && rm -f "$disk.store"/index.* && chown -R "$1:$1" "$disk.store"
  mkdir "$disk/.store" && mount --bind "$disk.store" "$disk/.store" && mounts=("$disk/.store" "${mounts[@]}")
}

for uid in 0 65534; do
  on_vfat $uid "$scratch/work/.store"
  expect_exit 0 user --json checkout HEAD -- .
  is "$(got '.result.failed | length')" 0
  at_least "$(got .result.not_restored.mode)" 5
  is "$(user status --porcelain)" ''
  cmp "$kept/large" "$disk/large"
  cmp "$kept/holes" "$disk/holes"
  user add -q -A
  is "$(user status --porcelain)" ''
  user commit -q -m 3 --allow-empty >"$out"
  cp -a "$disk.store" "$disk.copy" && chown -R "$EUID" "$disk.copy"
  store --repo "$disk.copy" checkout -q HEAD --out "$disk.out"
  time=%T@ && [[ $(stat -f -c %T "$disk") == msdos ]] || time=  # fusefat: a rename sets it
  describe "$disk.out" "$time" | diff <(describe "$kept" "$time") - >"$err"

  # What cannot be made at all is named, and is not taken for deleted.
  expect_exit 3 user --json checkout main
  is "$(got '[.result.failed[].path] | sort | join(" ")')" 'link odd/dangling'
  is "$(user status --porcelain)" ''
  user add -q -A && is "$(user status --porcelain)" ''
  echo changed >"$disk/changed" && user commit -q -a -m 4 >"$out"
  is "$(user cat HEAD:link)" d/f
  user switch -q -c other HEAD~3 && is "$(user status --porcelain)" ''

  # Without attributes there is only the mode to remember.
  on_vfat $uid "$scratch/plain"
  expect_exit 0 user --json checkout HEAD -- .
  is "$(got '.result.failed | length')" 0
  is "$(user status --porcelain)" ''
  user add -q -A && is "$(user status --porcelain)" ''
done
