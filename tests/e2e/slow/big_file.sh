#!/usr/bin/env bash
# A file of over 5 GiB: sizes beyond 32 bits, a change behind 4 GiB, back byte for byte, memory bounded.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

if (($(df --output=avail -m . | tail -n 1) < 4000)); then skip 'needs 4 GB of disk'; fi
put() { dd "if=$1" of=big bs=1M oflag=seek_bytes "seek=$2" conv=notrunc status=none; }

# Real bytes at the beginning, across 4 GiB and at the end, holes between.
store init -q
noise 1 200000000 >"$scratch/noise" && words 2 100000000 >"$scratch/text"
size=$((5500 << 20))
truncate -s $size big
put "$scratch/noise" 0 && put "$scratch/text" $((4090 << 20)) && put "$scratch/noise" $((size - 200000000 + 12345))
size=$((size + 12345))

is "$(json .result.bytes add big)" $size
at_most "$(got .result.peak_memory_bytes)" $((100 << 20))
at_most "$(got .result.new_bytes)" 301000000
store commit -q -m 1 >"$out"
printf changed >"$scratch/change" && put "$scratch/change" $((4100 << 20)) && printf appended >>big
at_most "$(json .result.new_chunks add big)" 6
store commit -q -m 2 >"$out"

is "$(json '.result.entries[0].size' ls HEAD:big)" $((size + 8))
is "$(store cat --bytes $((4100 << 20))-$(((4100 << 20) + 6)) HEAD:big)" changed
is "$(store cat --bytes -8 HEAD:big)" appended
is "$(json .result.bytes checkout HEAD --out "$scratch/o")" $((size + 8))
cmp big "$scratch/o/big"
at_most "$(du -m "$scratch/o/big" | cut -f 1)" 600
is "$(json '.result.problems | length' fsck)" 0
