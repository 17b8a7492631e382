#!/usr/bin/env bash
# A discovered repository of another owner is refused with 12; naming it is consent.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

need_nobody
if ((EUID != 0)); then skip 'needs two users'; fi
store init -q && echo 1 >a && store add -q -A && store commit -q -m 1 >"$out"
expect_exit 12 as_nobody store --json log
is "$(got .error.kind)" permission
contains "$out" "store config --user safe.directory"
expect_exit 0 as_nobody store --repo . log
expect_exit 0 as_nobody env STORE_DIR=. store log
expect_exit 0 as_nobody env STORE_SAFE_DIRECTORY="$PWD" store log
expect_exit 0 as_nobody env STORE_SAFE_DIRECTORY='*' store log
expect_exit 12 as_nobody env STORE_SAFE_DIRECTORY=/elsewhere store log
expect_exit 12 as_nobody env STORE_SAFE_DIRECTORY='*' store add a
chown -R 65534 . && expect_exit 12 store log
expect_exit 0 env SUDO_UID=65534 store log
