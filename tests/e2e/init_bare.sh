#!/usr/bin/env bash
# A bare repository has no working tree; what needs one is refused with 10.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

is "$(json .result.created init --bare r)" true
[[ -f r/format && ! -e r/.store ]]
is "$(json .result.created init r)" false
is "$(json .result.created -C r init)" false
[[ ! -e r/.store ]]
expect_exit 10 store --json --repo r status
is "$(got .error.kind)" no_worktree
expect_exit 10 store --repo r add x
expect_exit 0 store --repo r log
expect_exit 0 store --repo r fsck
expect_exit 0 store -C r log

# --repo takes the folder that contains .store or the repository itself.
store init -q w
echo a >w/a
is "$(json .result.files --repo w add a)" 1
is "$(json .result.unchanged_files --repo w/.store add a)" 1
STORE_DIR=$PWD/w expect_exit 0 store commit -m x
expect_exit 10 store --repo nowhere log
