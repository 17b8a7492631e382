#!/usr/bin/env bash
# checkout switches between commits, carries changes along, and stops before what is not committed.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir d && echo 1 >a && echo 1 >d/b && echo 1 >same && store add -q -A
one=$(store commit -q -m 1)
echo 2 >a && rm -r d && mkdir e && echo 2 >e/new && store add -q -A
two=$(store commit -q -m 2)

is "$(json '.result | [.head, .branch] | tojson' checkout "$one")" "[\"$one\",null]"
is "$(cat a d/b)" $'1\n1'
[[ ! -e e ]]
is "$(store status --porcelain)" ''
is "$(json .result.detached status)" true
is "$(json '.result | [.head, .branch] | tojson' checkout main)" "[\"$two\",\"main\"]"
is "$(cat a e/new)" $'2\n2'

# In the way: every such path is listed and nothing is touched. An identical file is no conflict.
echo mine >a && mkdir d && echo mine >d/b && echo carried >same && echo untracked >u
expect_exit 7 store --json checkout "$one"
is "$(got '.error.paths | sort | tojson')" '["a","d/b"]'
is "$(cat a d/b e/new)" $'mine\nmine\n2'
is "$(head_id)" "$two"
echo 1 >d/b && echo 2 >a && echo staged >s && store add -q s
store checkout -q "$one"
is "$(cat a d/b same u s)" $'1\n1\ncarried\nuntracked\nstaged'
is "$(store status --porcelain)" $'A  s\n M same\n?? u'
rm same u && store checkout -q "$one" -- same && store commit -q -m 'on a detached head' >"$out"

# --force stores what it overwrites, then overwrites.
echo mine >a
expect_exit 7 store checkout main
store checkout -q --force main
is "$(cat a)" 2
is "$(store status --porcelain)" ''
expect_exit 4 store checkout nothing
expect_exit 2 store checkout
