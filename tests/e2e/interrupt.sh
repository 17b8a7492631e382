#!/usr/bin/env bash
# Ctrl-C ends add with 130, without leftovers that matter; the next run resumes; SIGTERM is 143.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
noise 1 400000000 >big
# interrupt SIGNAL: sends it while add runs; prints the exit code a shell sees.
interrupt() {
  python3 - "$1" <<'END'
import signal, subprocess, sys, time
child = subprocess.Popen(["store", "add", "-A"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
time.sleep(0.3)
child.send_signal(getattr(signal, sys.argv[1]))
code = child.wait()
print(128 - code if code < 0 else code)
END
}
is "$(interrupt SIGINT)" 130
is "$(json '.result.staged | length' status)" 0
is "$(interrupt SIGTERM)" 143
is "$(json .result.files add -A)" 1
at_most "$(stored_bytes)" $((400000000 + (16 << 20)))
store commit -q -m 1 >"$out"
store cat HEAD:big | cmp - big
is "$(json '.result.problems | length' fsck)" 0
