#!/usr/bin/env bash
# commit counts what no earlier commit holds: not what was staged in between and dropped again.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
noise 1 500000 >x && store add x
rm x && echo c >c && store add -q -A
is "$(json .result.new_bytes commit -m one)" 2
is "$(jq .result.new_chunks "$out")" 1

cp c copy && noise 2 300000 >big && store add -q -A
is "$(json .result.new_bytes commit -m two)" 300000
is "$(jq .result.bytes "$out")" 300004
printf d >>copy && store add -q copy && printf e >>copy
is "$(json .result.new_bytes commit -a -m three)" 4
# What -a reads is counted as by add: the changed file at least, and those written a moment ago.
at_least "$(jq .result.cache_misses "$out")" 1
at_least "$(jq '.result.mapped_bytes + .result.streamed_bytes' "$out")" 4
is "$(json '.result | .cache_misses + .mapped_bytes + .streamed_bytes' commit --allow-empty -m four)" 0

# Rates are of what was read: of one file, and of none.
mkdir -p "$scratch/rates" && cd "$scratch/rates"
store init -q
noise 1 3000000 >large && noise 2 1000 >small && sleep 0.1  # written a moment ago they would be read once more
store add -q -A
is "$(json '.result | [.bytes_per_second, .files_per_second] | tojson' commit -m 1)" '[0,0]'
noise 3 2000 >small
is "$(json '.result | (.bytes_per_second * .seconds | round) == 2000 and (.files_per_second * .seconds | round) == 1' commit -am 2)" true
is "$(got .result.bytes)" 3002000
noise 4 2000 >small
store commit -am 3 >"$out" && contains "$out" '2 files (2.9 MiB) in ' && contains "$out" ', 2.0 KiB read'
noise 5 3000000 >large && noise 6 2000 >small
store add -A >"$out" && contains "$out" 'added 2 files (2.9 MiB) in '
! grep -q read "$out"
