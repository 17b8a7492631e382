#!/usr/bin/env bash
# A repository of a newer format is refused with 13 by every command, untouched.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
echo 1 >a && store add -q a && store commit -q -m 1 >"$out"
cp .store/format "$scratch/format"
sed 's/^version 1$/version 2/' "$scratch/format" >.store/format
for words in log status 'add a' 'cat HEAD:a' fsck 'commit -m x' 'checkout HEAD' init; do
  # shellcheck disable=SC2086
  expect_exit 13 store $words
done
expect_exit 13 store --json log
is "$(got .error.kind)" newer_format
{ cat "$scratch/format" && echo 'requires antigravity'; } >.store/format
expect_exit 13 store log
contains "$err" antigravity
cp "$scratch/format" .store/format
expect_exit 0 store fsck

