#!/usr/bin/env bash
# add --files-from reads names by line or NUL, from a file or standard input, relative to the current directory.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

staged() { store --json status | jq -c '.result.staged | map(.path)'; }

store init -q
mkdir d && echo 1 >d/a && echo 2 >d/b && echo 3 >$'d/new\nline' && echo 4 >c
cd d
printf 'a\n../c\n' | store add -q --files-from -
is "$(staged)" '["c","d/a"]'
printf 'new\nline\0b\0' >../names
store add -q --files-from ../names -z
is "$(staged)" '["c","d/a","d/b","d/new\nline"]'
: >../none
expect_exit 0 store --json add --files-from ../none
is "$(got .result.files)" 0
expect_exit 2 store add -z a
expect_exit 2 store add --files-from ../names a
expect_exit 4 store add --files-from ../nowhere
