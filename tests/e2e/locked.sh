#!/usr/bin/env bash
# A held lock is 11 after --lock-timeout and names its holder; readers never wait; a dead holder leaves no lock.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q && echo 1 >a && store add -q a && store commit -q -m 1 >"$out" && echo 2 >a
mkfifo ready go
# An open-file-description lock on the index lock, as another writer would hold it.
python3 - <<'END' &
import fcntl, os, struct
fd = os.open(".store/lock/index", os.O_RDWR)
fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))  # F_OFD_SETLK
open("ready", "w").close()
open("go").close()
END
holder=$!
cat ready
expect_exit 11 store --json --lock-timeout 0 add a
is "$(got .error.kind)" locked
expect_exit 11 store --lock-timeout 300ms add a
expect_exit 0 store status
expect_exit 0 store log
expect_exit 0 store cat HEAD:a
expect_exit 0 store checkout HEAD --out "$scratch/o"
expect_exit 0 store fsck
kill -9 $holder
wait $holder 2>"$err" || true
expect_exit 0 store --lock-timeout 0 add a

# A writer that waits says for whom it waits: the holder wrote who it is.
noise 1 200000000 >big
store -q add big &
writer=$!
while ! grep -qw "$writer" .store/lock/index; do sleep 0.02; done
expect_exit 11 store --lock-timeout 0 add a
contains "$err" "$writer"
wait
