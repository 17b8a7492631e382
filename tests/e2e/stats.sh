#!/usr/bin/env bash
# stats: what is stored and how well; every figure from what was put in.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
is "$(json '.result | [.commits, .objects, .packs, .layers, .logical_bytes, .unique_bytes, .stored_bytes, .unreferenced_bytes, .small_files, .large_files, .hole_bytes, .dedup_ratio, .compression_ratio, .histogram] | tojson' stats)" \
  '[0,0,0,0,0,0,0,0,0,0,0,1,1,null]'
is "$(got .result.inline_threshold)" 65536

# 3 small files, two of them alike; a large one and its copy; 4 MiB of hole.
mkdir d && noise 1 1000 >a && cp a d/a && noise 2 64 >b && noise 3 1000000 >big && cp big d/big && : >none && truncate -s 4M holes
store add -q -A && store commit -q -m 1
expect_exit 0 store stats
contains "$out" '5.9 MiB'
expect_exit 0 store -v stats
contains "$out" '6,196,368 B'
is "$(json '.result | [.commits, .small_files, .small_bytes, .large_files, .large_bytes, .hole_bytes, .logical_bytes, .unique_bytes, .unreferenced_bytes] | tojson' stats)" \
  '[1,4,2064,3,6194304,4194304,6196368,1001064,0]'
is "$(got '.result.stored_bytes')" "$(bytes_in .store/packs)"
is "$(got '(.result.dedup_ratio - .result.logical_bytes / .result.unique_bytes) | fabs < 0.001')" true
is "$(json '.result | [(.histogram.files | map(.count) | add), (.histogram.chunks[0] | tojson)] | tojson' stats --histogram)" '[7,"{\"size\":64,\"count\":1}"]'
is "$(got '.result.histogram.files | tojson')" \
  '[{"size":0,"count":1},{"size":64,"count":1},{"size":512,"count":2},{"size":524288,"count":2},{"size":4194304,"count":1}]'

# Another commit counts its files again, but only what is new as unique.
echo new >c && store add -q c && store commit -q -m 2
is "$(json '.result | [.commits, .small_files, .large_files, .logical_bytes, .unique_bytes] | tojson' stats)" '[2,9,6,12392740,1001068]'

# What was staged and dropped again is referenced by nothing; what is staged is.
noise 9 500000 >loose && store add -q loose
is "$(json '.result | [.unique_bytes, .unreferenced_bytes] | tojson' stats)" '[1501068,0]'
noise 10 500000 >loose && store add -q loose
is "$(json '.result.unique_bytes' stats)" 2001068
unreferenced=$(got .result.unreferenced_bytes)
((unreferenced >= 490000 && unreferenced < 520000))
expect_exit 0 store stats --histogram
contains "$out" 'commits                  2'
mv .store ../bare && cd .. && chmod -R a-w bare
is "$(json '.result.commits' --repo bare stats)" 2
