#!/usr/bin/env bash
# A forced switch over a modified file of 5 GiB: its bytes are kept first, and undo brings all of it back.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

# What is anywhere but in holes, and the size.
digest() { for at in 0 1000 2500 4000 5000; do dd if=big bs=1M skip=$at count=1 status=none; done | cat - <(stat -c %s big) | sha256sum; }
write_at() { head -c 1M /dev/urandom | dd of=big bs=1M seek="$1" conv=notrunc status=none; }

store init -q
truncate -s 5G big
for at in 0 1000 2500 5000; do write_at $at; done
digest >"$scratch/one"
store add -q . && store commit -qm one >"$out"
store branch other
write_at 1000 && store commit -qam two >"$out"
digest >"$scratch/two"
write_at 2500 && write_at 4000  # never staged
digest >"$scratch/mine"
expect_exit 7 store switch other
digest | cmp - "$scratch/mine"
expect_exit 0 store switch --force other
is "$(store status -s)" ''
digest | cmp - "$scratch/one"
expect_exit 0 store undo
digest | cmp - "$scratch/mine"
is "$(store status -s) $(json .result.branch status)" ' M big main'
expect_exit 0 store undo
digest | cmp - "$scratch/one"
is "$(json .result.branch status)" other

# Put away for good, too.
store switch -q main && digest | cmp - "$scratch/two"
at_most "$(du -m big | cut -f 1)" 8
