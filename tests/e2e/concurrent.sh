#!/usr/bin/env bash
# Several adders, committers and readers at once: nothing is lost and nobody waits for a reader.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
echo 0 >start && store add -q -A && store commit -q -m 0 >"$out"
for w in 1 2 3; do
  (for i in {1..10}; do
    echo "$w $i" >"f$w-$i" && noise "$w$i" 100000 >"g$w-$i"
    store -q add "f$w-$i" "g$w-$i"
    store commit -q -m "$w $i" >>"$scratch/ids" || [[ $? == 1 ]]
  done) &
done
(for i in {1..20}; do store log -n 1 >>"$scratch/read" && store cat HEAD:start >>"$scratch/read"; done) &
for job in $(jobs -p); do wait "$job"; done
store add -q -A && store commit -q -m last --allow-empty >"$out"
is "$(json '.result.entries | length' ls)" 61
is "$(store status --porcelain)" ''
is "$(json '.result.problems | length' fsck)" 0
is "$(store --json log | jq '.result.commits | length')" "$(($(sort -u "$scratch/ids" | grep -c .) + 2))"

