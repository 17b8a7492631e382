#!/usr/bin/env bash
# A file that changes while it is read is named and left out or stored whole; never a mixture, never a crash.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
noise 1 50000000 >a
python3 - <<'END' &
import os, time
end = time.time() + 4
size = os.path.getsize("a")
while time.time() < end:
    with open("a", "r+b") as file:
        file.truncate(1000)
        file.truncate(size)
        file.seek(0)
        file.write(os.urandom(1000))
END
writer=$!
for i in 1 2 3 4 5; do
  status=0
  store add a --config performance.memory_map_threshold=0 2>"$err" >"$out" || status=$?
  [[ $status == 0 || $status == 3 ]] || fail "exit $status"
done
wait $writer
expect_exit 0 store add a
store commit -q -m 1 >"$out"
store cat HEAD:a | cmp - a
is "$(json '.result.problems | length' fsck)" 0
