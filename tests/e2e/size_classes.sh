#!/usr/bin/env bash
# Size classes: each has its own chunk size, a path keeps the class of its previous version, and a byte appended across any
# border costs at most two new chunks.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
cat >>.store/config <<'END'
[chunking]
small_file_threshold = "256K"
small_file_chunk_size = "8K"
medium_file_threshold = "1M"
medium_file_chunk_size = "32K"
large_file_chunk_size = "128K"
huge_file_threshold = "4M"
huge_file_chunk_size = "512K"
END
average() { local n; n=$(json '[.result.entries[] | .count // 1] | add' inspect "HEAD:$1") && echo $(($(stat -c %s "$1") / n / 1024)); }

# Sizes on both sides of each border: thresholds are inclusive.
noise 1 262144 >small && noise 2 262145 >medium && noise 3 1048576 >medium2 && noise 4 1048577 >large && noise 5 4194304 >huge
store add -q -A 2>"$err" && store commit -q -m classes >"$out" 2>"$err"
for name in small:5:14 medium:20:55 medium2:20:55 large:80:220 huge:320:900; do
  IFS=: read -r file low high <<<"$name"
  is="$(average "$file")"
  ((is >= low && is <= high)) || fail "$file: average $is KiB, expected $low to $high"
done
# A stream of unknown length is huge, and so is the path from then on.
noise 6 3000000 | store add -q --stdin --name stream 2>"$err" && store commit -q -m stream >"$out" 2>"$err"
is "$(json '.result.entries | length < 10' inspect HEAD:stream 2>"$err")" true

# Trap 3, at every border, in both directions and over two of them.
for border in 65536 262144 1048576 4194303; do
  noise "$border" "$border" >"f$border" && store add -q -A 2>"$err" && store commit -q -m "$border" >"$out" 2>"$err"
  printf x >>"f$border"
  at_most "$(json .result.new_chunks add -A 2>"$err")" 2
  store commit -q -m "$border+1" >"$out" 2>"$err"
  truncate -s -2 "f$border"
  at_most "$(json .result.new_chunks add -A 2>"$err")" 2
  store commit -q -m "$border-1" >"$out" 2>"$err"
done
noise 7 200000 >grows && store add -q grows 2>"$err" && store commit -q -m 1 >"$out" 2>"$err"
noise 8 2000000 >>grows && store add -q grows 2>"$err" && store commit -q -m 2 >"$out" 2>"$err"
is="$(average grows)" && ((is < 16))
# The index knows the class: a touched file is unchanged, also after the index was written anew by a checkout.
touch grows && is "$(store --json status 2>"$err" | jq -c .result.unstaged)" '[]'
store checkout -q HEAD~1 2>"$err" && store checkout -q main 2>"$err"
printf x >>grows
at_most "$(json .result.new_chunks add grows 2>"$err")" 2

# Without a previous version the size decides: the same bytes under another name have another recipe.
cp grows copy && store add -q copy 2>"$err"
isnt "$(json '.result.entries[0].id' ls :copy 2>"$err")" "$(json '.result.entries[0].id' ls :grows 2>"$err")"
store commit -q -m copies >"$out" 2>"$err"
store checkout -q HEAD --out "$scratch/o" 2>"$err" && rm -f stream && store cat HEAD:stream >stream 2>"$err"
equal_trees . "$scratch/o"
is "$(json '.result.problems | length' fsck 2>"$err")" 0

# Each key changes what is stored.
chunks() { store init -q "$scratch/k$1" && (cd "$scratch/k$1" && noise 9 2000000 >f && json .result.chunks "${@:2}" add -n f 2>"$err"); }
usual=$(chunks 0)
isnt "$(chunks 1 --config chunking.large_file_chunk_size=8K --config chunking.medium_file_threshold=1M)" "$usual"
isnt "$(chunks 2 --config chunking.medium_file_chunk_size=8K)" "$usual"
isnt "$(chunks 3 --config chunking.small_file_chunk_size=8K --config chunking.small_file_threshold=2M)" "$usual"
isnt "$(chunks 4 --config chunking.huge_file_chunk_size=8K --config chunking.huge_file_threshold=1900K --config chunking.medium_file_threshold=1M)" "$usual"
is "$(chunks 5 --config chunking.large_file_chunk_size=8K)" "$usual"

# The example of docs/decisions/ids.md.
store init -q "$scratch/example" && cd "$scratch/example"
example() { json "$1" --config chunking.small_file_threshold=1M --config chunking.small_file_chunk_size=16K "${@:2}" 2>"$err"; }
noise 10 1048576 >a.log
first=$(example .result.new_chunks add a.log) && ((first > 50 && first < 80))
printf x >>a.log && at_most "$(example .result.new_chunks add a.log)" 2
cp a.log b.log && second=$(example .result.new_chunks add b.log) && ((second > 10 && second < 22))
isnt "$(example '.result.entries[0].id' ls :a.log)" "$(example '.result.entries[0].id' ls :b.log)"
mv a.log "$scratch/kept" && store add -q -A 2>"$err" && mv "$scratch/kept" a.log
is "$(example .result.new_chunks add a.log)" 0
is "$(example '.result.entries[0].id' ls :a.log)" "$(example '.result.entries[0].id' ls :b.log)"

# What `save` remembers of a path counts as its previous version; without it the size decides.
mkdir "$scratch/build" && noise 11 1048576 >"$scratch/build/out" && store init -q --bare "$scratch/bare"
saved() { example "$1" --repo "$scratch/bare" save "$scratch/build" -b ci -m x; }
first=$(saved .result.new_chunks) && ((first > 50))
printf x >>"$scratch/build/out" && at_most "$(saved .result.new_chunks)" 2
