#!/usr/bin/env bash
# Words of other versions, abbreviations and unknown options are refused with 2 and a hint.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
echo a >a
for word in gc prove verify-proof clone remote fetch pull push serve mount; do
  expect_exit 2 store "$word"
  contains "$err" 'not in this version'
done
expect_exit 2 store sta
contains "$err" status
expect_exit 2 store comit
contains "$err" commit
expect_exit 2 store add --dry-rum a
contains "$err" --dry-run
expect_exit 2 store add -Z a
expect_exit 2 store
[[ -s $err && ! -s $out ]]
expect_exit 2 store --json add --bogus
is "$(got '.error.kind,.error.code' | paste -sd ' ')" 'usage 2'
for word in $(store help --json | jq -r '.result | .. | .word? // empty'); do expect_exit 0 store help "$word"; done

# --json as another option's value is that value: nothing of an object on standard output.
store init -q j && cd j && echo x >x && store add -q x
expect_exit 0 store commit -m --json
contains "$out" '--json'
[[ $(head -c 1 "$out") != '{' ]]
expect_exit 0 store cat -o --json HEAD:x
[[ ! -s $out ]] && is "$(cat -- --json)" x
expect_exit 2 store log -n --json
[[ ! -s $out ]]
expect_exit 2 store log -n --json --json
is "$(got .error.kind)" usage
expect_exit 2 store --json --bogus
is "$(got .error.hint)" 'store help'

# What stands after "try:" can be typed as it is.
expect_exit 2 store log a...b
contains "$err" 'try: store log A..B'
expect_exit 2 store add ''
is "$(tail -n 1 "$err")" 'try: .'
