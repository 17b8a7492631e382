#!/usr/bin/env bash
# A byte appended across a file-size border costs at most two new chunks; the inline threshold may change at any time.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
for size in 40960 65536 131072 1000000; do
  noise "$size" $size >"f$size" && store add -q -A && store commit -q -m "$size" >"$out"
  printf x >>"f$size"
  at_most "$(json .result.new_chunks add -A)" 2
  store commit -q -m "$size+1" >"$out"
done
store config core.inline_threshold 0
noise 5 100 >tiny && store add -q tiny 2>"$err"
store config core.inline_threshold 1M
noise 6 120000 >middle && store add -q middle 2>"$err"
store commit -q -m thresholds >"$out" 2>"$err"
store checkout -q HEAD --out "$scratch/o" 2>"$err"
equal_trees . "$scratch/o"
# A file of one chunk has its own checksum as id, whatever the chunker is set to.
is "$(json '.result.entries[0].id' ls HEAD:middle)" "$(sha256sum <middle | cut -c 1-64)"
