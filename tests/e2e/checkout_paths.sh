#!/usr/bin/env bash
# checkout REV -- PATH sets index and working tree of these paths; modified ones need --force.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir d && echo 1 >a && echo 1 >d/b && echo 1 >d/c && store add -q -A
one=$(store commit -q -m 1)
echo 2 >a && echo 2 >d/b && rm d/c && store add -q -A
two=$(store commit -q -m 2)

store checkout -q "$one" -- d
is "$(cat a d/b d/c)" $'2\n1\n1'
is "$(head_id)" "$two"
is "$(store status --porcelain)" $'M  d/b\nA  d/c'
expect_exit 7 store checkout HEAD -- d/b
store checkout -q --force HEAD -- d/b
is "$(cat d/b)" 2
echo mine >a
expect_exit 7 store checkout "$one" -- a
is "$(cat a)" mine
store checkout -q --force "$one" -- a
is "$(cat a)" 1
(cd d && store checkout -q --force "$one" -- b)
is "$(cat d/b)" 1
store checkout -q --force "$two" -- '*b'
is "$(cat d/b)" 2
expect_exit 4 store checkout "$one" -- nothing
expect_exit 2 store checkout a
expect_exit 2 store checkout "$one" --
