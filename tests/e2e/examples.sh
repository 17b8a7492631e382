#!/usr/bin/env bash
# Every example of help and the manual runs, in a copy of one small world.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/example_world.bash
. "${script%/*}/support/example_world.bash"
make_example_world

run_example() {
  [[ $1 == mv ]] || echo two >>notes.txt  # a change that restore, diff and commit have something to do with
  sh -ec "$2" >"$out" 2>"$err" </dev/null
}

tried=0
while IFS= read -r example; do
  command=$(jq -r .command <<<"$example")
  in_a_copy run_example "$(jq -r .word <<<"$example")" "$command" || fail "$command: $(cat "$err")"
  tried=$((tried + 1))
done < <(store help --json | jq -c '.result.words[] | {word} + .examples[]')
at_least "$tried" 60

# Every word has one.
is "$(store help --json | jq -r '.result.words[] | select(.examples == []) | .word')" ''
