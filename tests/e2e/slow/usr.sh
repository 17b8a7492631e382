#!/usr/bin/env bash
# A real tree of thousands of files, with links and odd modes: there and back, again with nothing to do, and after changes.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

for source in /usr/include /usr/share/perl /usr/share/zoneinfo /usr/share/terminfo /usr/lib/python3 /usr/share/cmake* /etc; do
  if [[ -r $source ]]; then cp -a "$source" . 2>"$err" || true; fi
done
# Nothing differs either way, not in times, owners, links, attributes or lists; without rsync this part is left out.
alike() {
  command -v rsync >/dev/null || return 0
  rsync -aHAXn --checksum --delete --itemize-changes --exclude=/.store "$1/" "$2/" >"$out"
  is "$(cat "$out")" ''
  rsync -aHAXn --checksum --delete --itemize-changes --exclude=/.store "$2/" "$1/" >"$out"
  is "$(cat "$out")" ''
}
files=$(find . -type f | wc -l) && at_least "$files" 1000
store init -q
is "$(json .result.files add -A)" "$files"
is "$(got .result.bytes)" "$(find . -path ./.store -prune -o -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')"
at_most "$(got .result.peak_memory_bytes)" $((100 << 20))
one=$(store commit -q -m 1)
is "$(store status --porcelain)" ''
is "$(json '.result | [.unchanged_files, .new_bytes] | tojson' add -A)" "[$files,0]"
store checkout -q HEAD --out "$scratch/one"
equal_trees . "$scratch/one"
alike . "$scratch/one"

rm -rf etc perl && mv include renamed
mapfile -t -n 50 changed < <(find renamed -type f)
sed -i '1s/^/x/' "${changed[@]}"
store add -q -A && store commit -q -m 2 >"$out"
store checkout -q HEAD --out "$scratch/two"
equal_trees . "$scratch/two"
alike . "$scratch/two"
store checkout -q "$one"
equal_trees . "$scratch/one"
alike . "$scratch/one"
is "$(store status --porcelain)" ''
store checkout -q main
equal_trees . "$scratch/two"
is "$(json '.result.problems | length' fsck)" 0
