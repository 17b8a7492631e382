#!/usr/bin/env bash
# A file system that knows neither owners nor modes nor links: what it has no place for is left out, status is empty afterwards, and
# the next commit has everything all the same.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

[[ $(id -u) == 0 ]] || skip 'mounting needs root'
PATH=$PATH:/sbin:/usr/sbin
command -v mkfs.vfat >/dev/null || skip 'mkfs.vfat is missing (tools/packages.sh)'
truncate -s 64M "$scratch/disk" && mkfs.vfat "$scratch/disk" >"$out"
mkdir "$scratch/vfat"
mount -o loop "$scratch/disk" "$scratch/vfat" 2>"$err" || skip 'loop mounts are not possible here'
mounts+=("$scratch/vfat")

store init -q
mkdir d && echo x >d/f && chmod 640 d/f && chmod 750 d && chown 12:34 d/f && ln d/f g && echo y >h && chmod 4755 h
touch -d '2001-02-03 04:05:06.123456789Z' d/f && touch -d '2001-02-03 04:05:07.5Z' d h
store commit -q -A -m 1 >"$out"
cp -a .store "$scratch/vfat/"
cd "$scratch/vfat"
json .result checkout --force HEAD -- . >"$err"
is "$(jq -c .result.failed "$out")" '[]'
is "$(store status --porcelain)" ''
store add -q -A
is "$(store status --porcelain)" ''
store commit -q -m 2 --allow-empty >"$out"
store checkout -q HEAD --out "$scratch/o"
cd "$scratch"
is "$(stat -c '%a %u:%g %h %Y' o/d/f)" "$(stat -c '%a %u:%g %h %Y' work/d/f)"
is "$(stat -c '%y' o/d/f)" "$(stat -c '%y' work/d/f)"
is "$(stat -c '%a %y' o/h)" "$(stat -c '%a %y' work/h)"
is "$(stat -c '%a %y' o/d)" "$(stat -c '%a %y' work/d)"
cmp o/g work/d/f
