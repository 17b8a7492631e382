#!/usr/bin/env bash
# Damage in any file of a repository is found, or does no harm.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
noise 1 200000 >big && echo small >small && store add -q -A && store commit -q -m 1 >"$out"
echo 2 >small && store add -q -A && store commit -q -m 2 >"$out"
cp -a .store "$scratch/good"

# flip FILE OFFSET
flip() {
  local old
  old=$(xxd -s "$2" -l 1 -p "$1")
  chmod u+w "$1"
  printf '%08x: %02x' "$2" $((0x$old ^ 0x10)) | xxd -r - "$1"
}
while read -r file; do
  size=$(stat -c %s "$file")
  for offset in 0 $((size / 3)) $((size / 2)) $((size - 1)); do
    flip "$file" "$offset"
    status=0
    store fsck >"$out" 2>"$err" || status=$?
    if ((status != 6 && status != 13 && status != 2)); then
      # Not found: then it must be derived data, and every file comes out right.
      [[ $file == */tables/* || $file == */index.* || $file == */oplog.done ]] || fail "$file: offset $offset: exit $status"
      store checkout -q HEAD --out "$scratch/o" && equal_trees . "$scratch/o"
    fi
    rm -rf .store "$scratch/o" && cp -a "$scratch/good" .store
  done
done < <(find .store -type f -size +0 -not -path '*/lock/*' -not -path '*/sessions/*' -not -name exclude -not -name config | sort)
