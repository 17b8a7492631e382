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
