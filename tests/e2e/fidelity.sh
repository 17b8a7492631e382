#!/usr/bin/env bash
# Everything a file system can hold goes in and comes out again: compared by rsync, find, getfacl, getfattr and du, on this file
# system and in memory; as root and as an ordinary user.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/odd_tree.bash
. "$here/tests/e2e/support/odd_tree.bash"

for tool in rsync getfacl getfattr; do
  command -v $tool >/dev/null || skip "$tool is missing (tools/packages.sh)"
done

same() {
  describe_tree "$1" >"$scratch/expected" && describe_tree "$2" >"$scratch/actual"
  diff "$scratch/expected" "$scratch/actual" >"$err"
  rsync -aHAXn --checksum --delete --itemize-changes --exclude=/.store "$1/" "$2/" >"$err"
  is "$(cat "$err")" ''
}

round_trip() {
  local top=$1
  mkdir "$top/w" && cd "$top/w"
  odd_tree
  store init -q && store commit -q -A -m 1 >"$out"
  is "$(store status --porcelain)" ''
  store checkout -q HEAD --out "$top/o" 2>"$err"
  same "$top/w" "$top/o"
  at_most "$(du -k "$top/o/holes" | cut -f 1)" 64
  at_most "$(du -k "$top/o/small_holes" | cut -f 1)" 16
  is "$(du -k "$top/o/all_hole" | cut -f 1)" 0
  at_least "$(du -k "$top/o/zeros" | cut -f 1)" 1024
  is "$(json '.result.problems | length' fsck)" 0

  # Only one of several links: a file of its own. And links whose first name lies outside.
  store checkout -q HEAD --out "$top/one" -- links/b
  is "$(stat -c %h "$top/one/links/b")" 1
  store checkout -q HEAD:links --out "$top/sub"
  is "$(cat "$top/sub/other/c")" linked

  # Into the working tree, everything gone; then nothing differs, and the next commit records what this one has.
  cp -a "$top/w" "$top/kept"
  find . -mindepth 1 -maxdepth 1 ! -name .store -exec chmod -R u+rwX {} + -exec rm -rf {} + 2>/dev/null || true
  (umask 077 && store checkout -q --force HEAD -- . 2>"$err")
  is "$(store status --porcelain)" ''
  touch -r "$top/kept" .
  same "$top/kept" "$top/w"
  store add -q -A && is "$(store status --porcelain)" ''
  store commit -q -m 2 --allow-empty >"$out"
  store checkout -q HEAD --out "$top/o2" 2>"$err"
  touch -r "$top/kept" "$top/o2"
  same "$top/kept" "$top/o2"
}

tops=("$scratch")
for folder in /tmp /dev/shm; do
  [[ -w $folder && $(stat -c %d "$folder") != "$(stat -c %d "$scratch")" ]] && tops+=("$(mktemp -d "$folder/fidelity.XXXXXX")")
done
rm -rf "$scratch/work"
for top in "${tops[@]}"; do round_trip "$top"; done
[[ $(id -u) == 0 ]] || exit 0

# An ordinary user gets root's commit: what needs root is counted, not tried; nothing differs afterwards, and the owners that could not
# be set are in the next commit all the same.
top=${tops[0]}
mkdir "$top/user" && cp -a "$top/w/.store" "$top/user/" && chown -R nobody "$top/user" && cd "$top/user"
as_user() { setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; }
user() { as_user env PATH="$PATH" HOME=/nonexistent store "$@"; }
(umask 077 && user --json checkout --force HEAD -- . >"$out" 2>"$err")
is "$(jq -c '.result.failed' "$out")" '[]'
is "$(jq '.result.not_restored | .owner > 20 and .device == 2 and .setid > 0' "$out")" true
is "$(user status --porcelain)" ''
user add -q -A 2>"$err" || true
is "$(user status --porcelain)" ''
user commit -q -m 3 --allow-empty >"$out"
chown -R root .store
store checkout -q HEAD --out "$top/o3" 2>"$err"
touch -r "$top/kept" "$top/o3" && chown --reference="$top/kept" "$top/o3" && chmod --reference="$top/kept" "$top/o3"
same "$top/kept" "$top/o3"

for top in "${tops[@]:1}"; do rm -rf "$top"; done
