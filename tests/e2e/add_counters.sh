#!/usr/bin/env bash
# The figures of add: new and known chunks, unchanged files, true figures of a dry run.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
noise 1 100000 >a && cp a b && noise 2 300 >c && : >empty
sums() { find .store -type f -not -path '.store/lock/*' | sort | xargs sha256sum; }
before=$(sums)
is "$(json '.result | [.files, .bytes] | tojson' add -n -A)" '[4,200300]'
dry=$(got '.result | [.chunks, .new_chunks, .new_bytes] | tojson')
is "$(sums)" "$before"
is "$(json '.result | [.chunks, .new_chunks, .new_bytes] | tojson' add -A)" "$dry"
is "$(got .result.new_bytes)" 100300
is "$(got .result.chunks)" "$(($(got .result.new_chunks) * 2 - 1))"
is "$(got '.result.stored_bytes >= .result.new_bytes')" true
is "$(json '.result | [.unchanged_files, .new_chunks, .new_bytes, .stored_bytes] | tojson' add -A)" '[4,0,0,0]'
is "$(got '.result.mapped_bytes + .result.streamed_bytes')" 0

# Known content under another name costs no chunk; an empty file has none at all.
cp a d
is "$(json '.result | [.new_chunks, .new_bytes] | tojson' add d)" '[0,0]'
is "$(json '.result | [.chunks, .files] | tojson' add empty)" '[0,1]'
is "$(jq '.result | [.seconds, .files_per_second, .bytes_per_second, .peak_memory_bytes, .dedup_ratio, .cache_hits, .cache_misses] | map(type) | unique | tojson' "$out" -r)" '["number"]'

# A ratio is a number; a run that stored nothing new has 1.
noise 3 1000 >n1 && cp n1 n2
is "$(json '.result.dedup_ratio == 2' add n1 n2)" true
is "$(json '.result.dedup_ratio == 1' add n1 n2)" true
store commit -q -m 1 >"$out"
is "$(json '.result.dedup_ratio == 1' commit -m 2 --allow-empty)" true

# What is deleted counts as in the commit, and as git counts it: a directory shows by what was in it, unless that was nothing.
mkdir -p tree/deep/deeper bare && for i in 1 2 3 4 5 6 7 8 9; do echo "$i" >"tree/deep/$i"; done && echo 10 >tree/deep/deeper/10
store add -q -A && store commit -q -m 'a tree' >"$out"
rm -r tree bare
is "$(json .result.deleted add -n -A)" 11
is "$(json .result.deleted add -A)" 11
is "$(json .result.changes.deleted commit -m 'no tree')" 11
# A file in the place of a directory.
mkdir -p place/below && echo 1 >place/1 && echo 2 >place/below/2
store add -q -A && store commit -q -m 'a place' >"$out"
rm -r place && echo 3 >place
is "$(json .result.deleted add -A)" 2
is "$(json .result.changes.deleted commit -m 'taken')" 2
