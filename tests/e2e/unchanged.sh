#!/usr/bin/env bash
# Unchanged files are not read again; a racy one is read once more; a change without a new size is seen.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir d && for i in {1..50}; do echo "$i" >"d/$i"; done && noise 1 1000000 >big
touch -d '1 hour ago' d/* big && sleep 0.1
store add -q -A
is "$(json '.result | [.unchanged_files, .mapped_bytes + .streamed_bytes] | tojson' add -A)" '[51,0]'
store commit -q -m 1 >"$out"
is "$(json '.result | [.mapped_bytes + .streamed_bytes, .new_chunks] | tojson' add -A)" '[0,0]'

# Same size, same mtime, other bytes: the change time tells.
printf 'X\n' >d/1 && touch -d '1 hour ago' d/1
is "$(store status --porcelain)" ' M d/1'
for i in {1..30}; do
  echo $((i % 10)) >quick && store add -q quick && echo $(((i + 1) % 10)) >quick
  [[ $(store status --porcelain -- quick) == AM* ]] || fail "round $i: the change was missed"
done
chmod 600 big
is "$(json '.result | [.unchanged_files, .new_chunks] | tojson' add big)" '[1,0]'
