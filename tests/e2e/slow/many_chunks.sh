#!/usr/bin/env bash
# A file of 200,000 chunks: counts beyond 16 bits; a change in the middle costs a few chunks.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

store init -q --chunk-avg 4K
noise 1 900000000 >big
at_least "$(json .result.chunks add big)" 200000
at_most "$(got .result.peak_memory_bytes)" $((100 << 20))
store commit -q -m 1 >"$out"
printf x | dd of=big bs=1 seek=450000000 conv=notrunc status=none
at_most "$(json .result.new_chunks add big)" 4
at_most "$(got .result.stored_bytes)" 262144
store commit -q -m 2 >"$out"
store cat HEAD:big | cmp - big
cmp <(store cat --bytes 449990000-450010000 HEAD:big) <(dd if=big iflag=skip_bytes,count_bytes skip=449990000 count=20001 status=none)
is "$(json '.result.problems | length' fsck)" 0
