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
