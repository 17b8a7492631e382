#!/usr/bin/env bash
# init makes a repository, once; options that differ from what is recorded are refused.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

is "$(json .result.created init a/b)" true
is "$(got .result.path)" "$PWD/a/b/.store"
is "$(json .result.created init a/b)" false
expect_exit 7 store --json init --chunk-avg 128K a/b
is "$(got .ok,.error.code | paste -sd ' ')" 'false 7'
is "$(json .result.created init --chunk-avg 64K a/b)" false
expect_exit 7 store init --permissions exec a/b
expect_exit 2 store init --chunk-avg 65000 c
expect_exit 2 store init --permissions some c
expect_exit 2 store init --compression 99 c
expect_exit 2 store init -b 'a..b' c
[[ ! -e c/.store ]]

store init -q -b trunk t
is "$(json .result.branch -C t status)" trunk
is "$(json .result.head -C t status)" null

is "$(json .result.created init -b trunk t)" false
expect_exit 7 store init -b other t
contains "$err" 'on trunk'
expect_exit 0 store init t

# A first branch that may not be one is refused, where it came from.
expect_exit 2 env STORE_INIT_DEFAULT_BRANCH=a..b "$STORE" init -q c
contains "$err" STORE_INIT_DEFAULT_BRANCH
mkdir -p "$HOME/.config/store"
echo 'init.default_branch = "a..b"' >"$HOME/.config/store/config.toml"
expect_exit 2 store init -q c
contains "$err" config.toml:1
rm "$HOME/.config/store/config.toml"
expect_exit 2 store -C t config init.default_branch a..b
[[ ! -e c/.store ]]

# Inside another working tree: a warning. Inside a repository: no.
expect_exit 0 store init a/b/inner
contains "$err" warning
expect_exit 2 store init a/b/.store/x
expect_exit 2 store init --bare a/b/.store
