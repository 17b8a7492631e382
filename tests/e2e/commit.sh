#!/usr/bin/env bash
# commit: nothing to commit is 1, no or an empty message 2; author, date, meta; SOURCE_DATE_EPOCH makes the id a function of the content.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
echo 1 >a && store add -q a
expect_exit 2 store commit
expect_exit 2 store commit -m ''
expect_exit 2 store commit -m $' \n\t\n'
expect_exit 2 store commit -m x some-path
expect_exit 2 store commit -m x --meta 'Bad Key=1'
expect_exit 2 store commit -m x --date 'no date'
is "$(json .result.committed commit -m $'  first\n\nbody' -m $'second \n' --author 'Ann <ann@x>' --date '2024-02-03T04:05:06+02:00' --meta b=2 --meta a=1 --meta b=3)" true
id=$(got .result.id)
is "$(got '.result | [.branch, .parents, .files, .bytes] | tojson')" '["main",[],1,2]'
is "$(json '.result.commits[0] | [.author, .time, .meta, .message] | tojson' log)" \
  '[{"name":"Ann","email":"ann@x"},"2024-02-03T02:05:06Z",{"a":"1","b":"3"},"  first\n\nbody\n\nsecond"]'
is "$(got '.result.commits[0].id')" "$id"

expect_exit 1 store --json commit -m again
is "$(got '[.ok, .result.committed, .result.id == "'"$id"'"] | tojson')" '[true,false,true]'
expect_exit 1 store commit -m again
is "$(cat "$out" "$err" | wc -l)" 1
is "$(json .result.committed commit -m again --skip-if-unchanged)" false
touch -d '2001-01-01' a && store add -q a
expect_exit 1 store commit -m 'times alone'
is "$(json .result.committed commit -m empty --allow-empty)" true
is "$(got '.result.parents | tojson')" "[\"$id\"]"

echo 2 >a && echo u >untracked
is "$(store commit -q -a -m tracked)" "$(head_id)"
is "$(json '.result.untracked | map(.path) | tojson' status)" '["untracked"]'
rm a
printf 'from a file\n' >"$scratch/message"
expect_exit 0 store commit -A -F "$scratch/message"
is "$(json '.result.entries | map(.path) | tojson' ls)" '["untracked"]'
echo 3 >b && printf 'from stdin' | store commit -A -F - >"$out"
is "$(json '.result.commits | map(.message) | .[0:3] | tojson' log)" '["from stdin","from a file","tracked"]'

printf 'a\0b' >"$scratch/message"
echo 4 >b
expect_exit 2 store commit -A -F "$scratch/message"
contains "$err" NUL
expect_exit 2 store save b -b other -F "$scratch/message"

# No author is refused for its bytes: text shows them escaped, on one line.
expect_exit 0 store commit -A -m odd --author $'A\nB <<x> <b\x1b@c>'
is "$(json '.result.commits[0].author | [.name, .email] | tojson' log -1)" '["A\nB <<x>","b\u001b@c"]'
for words in 'log -1' 'show'; do
  # shellcheck disable=SC2086
  is "$(store $words | sed -n 2p)" 'Author: A\nB <<x> <b\x1b@c>'
done
is "$(store log -1 --format '{author}')" 'A\nB <<x> <b\x1b@c>'

# SOURCE_DATE_EPOCH is looked at only where a commit needs its time.
cd "$scratch" && store init -q dated && cd dated && echo x >x && store add -q x
export SOURCE_DATE_EPOCH=soon
for word in status log; do expect_exit 0 store "$word"; done
expect_exit 0 store add x
expect_exit 0 store config --list
expect_exit 2 store commit -m x
contains "$err" SOURCE_DATE_EPOCH
expect_exit 0 store commit -m x --date @7
unset SOURCE_DATE_EPOCH

# Everything that a tree holds counts: fifos, links, and directories with nothing in them.
store init -q "$scratch/counts" && cd "$scratch/counts"
changes() { got '.result.changes | [.added, .modified, .deleted] | tojson'; }
mkdir -p d/empty full/deep e && mkfifo fifo full/deep/fifo && ln -s x link && echo 1 >full/file
expect_exit 0 store --json commit -A -m 1 && is "$(changes)" '[6,0,0]'
expect_exit 0 store --json save . -b saved -m 1 && is "$(changes)" '[6,0,0]'
rm fifo && rmdir e && mkdir -p new/empty && mkfifo new/fifo && chmod 700 d/empty
expect_exit 0 store --json save . -b saved -m 2 && is "$(changes)" '[2,1,2]'
expect_exit 0 store --json commit -A -m 2 && is "$(changes)" '[2,1,2]'
contains <(store log -n 1 --format '{subject}') 2
rm -r full && expect_exit 0 store commit -A -m 3
contains "$out" '2 paths changed: 2 deleted'
