#!/usr/bin/env bash
# Without a repository every command but init, help, version ends with 10.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

for words in 'add a' 'add -A' 'commit -m x' 'status' 'log' 'ls' 'cat HEAD:a' 'checkout main' 'fsck'; do
  # shellcheck disable=SC2086
  expect_exit 10 store $words
done
expect_exit 10 store --json log
is "$(got .error.kind)" no_repository
is "$(got .ok)" false
is "$(got 'has("result")')" false
expect_exit 0 store version
is "$(head -n 1 "$out" | cut -d ' ' -f 1)" store
expect_exit 0 store --version
expect_exit 0 store help add
expect_exit 0 store add --help
is "$(json .result.format version)" 1
