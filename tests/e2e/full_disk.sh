#!/usr/bin/env bash
# A file system that is full, or has no inodes left: exit 9, what is named, nothing left over, nothing lost, and the next run goes through.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
((EUID == 0)) || skip 'mounting needs root'

# on KIND SIZE INODES: an empty file system of that size at $place.
place=$scratch/place
on() {
  mkdir -p "$place"
  case $1 in
    tmpfs) mount -t tmpfs -o "size=$2,nr_inodes=$3" tmpfs "$place" 2>"$err" || skip 'tmpfs cannot be mounted' ;;
    ext4)
      truncate -s "$2" "$scratch/image"
      mkfs.ext4 -q -m 0 -N "$3" "$scratch/image" 2>"$err" || skip 'mkfs.ext4 is missing'
      mount -o loop "$scratch/image" "$place" 2>"$err" || skip 'no loop devices'
      ;;
  esac
  mounts+=("$place")
}
off() { umount "$place" && unset 'mounts[-1]'; }
leftovers() { find "$place" -name '*tmp*' -not -path '*/sessions/*' -print; }
refused() {
  local status=0
  "$@" >"$out" 2>"$err" || status=$?
  ((status == 9)) || fail "exit $status instead of 9: $* ($(cat "$err"))"
  # What, then why; or, before the first byte, how much is wanted and how much is free.
  grep -qE '^error: .+: .*(No space left on device|free|available)' "$err" || fail "not named: $(cat "$err")"
  is "$(leftovers)" ''
}

for kind in tmpfs ext4; do
  # Space: the content does not fit beside itself.
  on "$kind" 24M 4000
  cd "$place"
  store init -q
  noise 1 1000000 >first && store add -q -A && store commit -q -m 1 >"$out"
  noise 2 12000000 >large
  refused store add -A
  is "$(store cat HEAD:first | sha256sum)" "$(sha256sum <first)"
  store fsck -q
  expect_exit 0 store status
  rm large && noise 3 200000 >fits
  store add -q -A && store commit -q -m 2 >"$out" && store fsck -q
  is "$(find .store/sessions -mindepth 1 | wc -l)" 0
  # A checkout into what is full, and one of which not everything fits.
  head -c 30M /dev/zero 2>/dev/null | tr '\0' x >filler 2>/dev/null || true
  refused store checkout HEAD --out "$place/copy"
  rm filler && rm -rf copy
  expect_exit 0 store checkout -q HEAD --out "$place/copy"
  cmp first copy/first
  # On a disk that is full to the last byte reading goes on.
  head -c 60M /dev/zero 2>/dev/null | tr '\0' x >filler 2>/dev/null || true
  store cat HEAD:first | cmp - first
  store log -q >"$out"
  store fsck -q
  rm filler
  cd "$scratch/work" && off

  # Inodes.
  on "$kind" 24M 200
  cd "$place"
  store init -q
  echo 1 >a && store add -q -A && store commit -q -m 1 >"$out"
  i=0
  while : 2>/dev/null >"fill$i"; do i=$((i + 1)); done 2>/dev/null
  refused store add -A
  refused store branch new
  store fsck -q
  store cat HEAD:a | cmp - a
  rm fill*
  echo 2 >a && store add -q -A && store commit -q -m 2 >"$out" && store branch new && store fsck -q
  is "$(leftovers)" ''
  cd "$scratch/work" && off
done
