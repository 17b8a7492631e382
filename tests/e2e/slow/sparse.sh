#!/usr/bin/env bash
# A 1 TiB sparse file: added in no time, one id with written zeros, back as sparse as it was.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

store init -q
truncate -s 1T huge && printf begin | dd of=huge conv=notrunc status=none
printf middle | dd of=huge bs=1 seek=$((600 << 30)) conv=notrunc status=none
truncate -s 3M hole && head -c 3M /dev/zero >zeros
is "$(json .result.bytes add -A)" $(((1 << 40) + (6 << 20)))
at_most "$(got .result.stored_bytes)" 1048576
at_most "$(got .result.peak_memory_bytes)" $((100 << 20))
store commit -q -m 1 >"$out"
is "$(json '.result.entries | map(select(.path != "huge")) | map(.id) | unique | length' ls)" 1
store checkout -q HEAD --out "$scratch/o"
at_most "$(du -k "$scratch/o/huge" | cut -f 1)" 1024
is "$(stat -c %s "$scratch/o/huge")" $((1 << 40))
is "$(du -k "$scratch/o/hole" | cut -f 1)" 0
is "$(store cat --bytes $((600 << 30))-$(((600 << 30) + 5)) HEAD:huge)" middle
is "$(store cat --bytes -4 HEAD:huge | xxd -p)" 00000000
is "$(head -c 5 "$scratch/o/huge")" begin
is "$(dd if="$scratch/o/huge" iflag=skip_bytes,count_bytes skip=$((600 << 30)) count=6 status=none)" middle
is "$(json '.result.problems | length' fsck)" 0
