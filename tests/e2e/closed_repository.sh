#!/usr/bin/env bash
# A repository that may not be looked into is 12, not "no repository".
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

need_nobody
store init -q p && store init -q --bare r && mkdir p/sub
chmod 000 p/.store r
for words in "--repo $PWD/p log" "--repo $PWD/p/.store log" "--repo $PWD/r log" '-C p log' '-C p/sub status'; do
  # shellcheck disable=SC2086
  expect_exit 12 as_nobody store --json $words
  is "$(got .error.kind)" permission
done
contains "$out" "$PWD/p/.store"
expect_exit 12 as_nobody env STORE_DIR="$PWD/p/.store" store log
contains "$err" "$PWD/p/.store"
chmod 000 p
expect_exit 12 as_nobody store --repo "$PWD/p" log
chmod 755 p
# What is not there is not there.
expect_exit 10 as_nobody store --repo "$PWD/none" log
expect_exit 10 as_nobody store log
