#!/usr/bin/env bash
# Files that change or shrink while they are saved are named, the others are whole, and the next save gets it right.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q --bare "$scratch/depot"
export STORE_DIR=$scratch/depot
mkdir d
noise 1 30000000 >d/moving && noise 2 60000 >d/small && noise 3 3000000 >d/still
python3 - <<'END' &
import os, time
end = time.time() + 4
size = os.path.getsize("d/moving")
turn = 0
while time.time() < end:
    turn += 1
    with open("d/moving", "r+b") as file:
        file.seek(turn * 7919 % size); file.write(os.urandom(1000)[:size - file.tell()])
        if turn % 50 == 0: file.truncate(size - 5000000); file.seek(0, 2); file.write(os.urandom(5000000))
    with open("d/small", "r+b") as file:  # across the border between small and large, both ways
        file.truncate(70000); file.truncate(60000); file.write(os.urandom(100))
    open("started", "w").close()
END
writer=$!
until [[ -e started ]]; do sleep 0.01; done
changed=0
for i in 1 2 3 4 5 6; do
  status=0
  store --json --config performance.memory_map_threshold=0 save d -b b -m "$i" >"$out" 2>"$err" || status=$?
  [[ $status == 0 || $status == 3 ]] || fail "exit $status"
  if ((status == 3)); then changed=$((changed + 1)); fi
  is "$(got '.result.failed | map(.path) - ["moving", "small"] | length')" 0
  is "$(got '.result.failed | map(.message | length > 0) | all')" true
  store cat b:still | cmp - d/still
done
wait $writer
at_least $changed 1
expect_exit 0 store save d -b b -m last
for name in moving small still; do store cat "b:$name" | cmp - "d/$name"; done
is "$(json '.result.problems | length' fsck)" 0
