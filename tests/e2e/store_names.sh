#!/usr/bin/env bash
# A name that is .store after folding is never content: skipped with a warning, refused when named.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p d/.store e/.STORE && echo x >d/.store/x && echo y >e/.STORE/y && echo z >d/z && echo k >.store2
echo w >$'e/.sto\u200cre'
expect_exit 0 store --json add -A
is "$(got '.warnings | length > 0')" true
is "$(store --json status | jq -c '.result.staged | map(.path)')" '[".store2","d/z","e"]'
expect_exit 2 store add d/.store
expect_exit 2 store add e/.STORE/y
expect_exit 2 store add .store/config
expect_exit 2 store add $'e/.sto\u200cre'
store commit -qm one >"$out"
is "$(store ls -r | grep -c store)" 1
store checkout -q HEAD --out "$scratch/o"
[[ ! -e $scratch/o/d/.store ]]
