#!/usr/bin/env bash
# kill -9 at any moment of add: the next command just works, and what was stored is not stored again.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

store init -q
mkdir d && words 1 60000000 | split -b 100000 -a 3 - d/ && noise 2 300000000 >big
total=$(du -sb d big | awk '{ s += $1 } END { print s }')
for delay in 0.05 0.2 0.4 0.7 1 0.1 0.5; do
  store -q add -A 2>"$err" &
  pid=$!
  sleep "$delay"
  kill -9 $pid 2>"$err" || true
  wait $pid 2>"$err" || true
  expect_exit 0 store status --porcelain
done
written=$(find .store \( -name '*.pack' -o -name pack.tmp \) -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }')
is "$(json .result.files add -A)" "$(($(find d -type f | wc -l) + 1))"
at_most "$(stored_bytes)" $((total + (16 << 20)))
at_most "$(got .result.stored_bytes)" $((total - written + (16 << 20)))
store commit -q -m 1 >"$out"
is "$(find .store/sessions -mindepth 1 | wc -l)" 0
is "$(json '.result.problems | length' fsck)" 0
store checkout -q HEAD --out "$scratch/o"
equal_trees . "$scratch/o"
