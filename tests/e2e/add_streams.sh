#!/usr/bin/env bash
# add --stdin and --exec: the ids of a file with these bytes, no file expected in the working tree, all or nothing.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir sub
add_stdin() { store --json add --stdin --name "$1" >"$out"; }

# Whatever the size: 0, around the inline threshold, several windows.
for size in 0 1 65535 65536 65537 3000000; do
  noise $size $size >f-$size
  add_stdin s-$size <f-$size
  is "$(got '[.result.files, .result.bytes, .result.streamed_bytes] | map(tostring) | join(" ")')" "1 $size $size"
done
head -c 5000000 /dev/zero | add_stdin s-zeros
head -c 5000000 /dev/zero >f-zeros
expect_exit 0 store add f-* sub
for size in 0 1 65535 65536 65537 3000000 zeros; do
  is "$(json ".result.entries | map(select(.path == \"s-$size\" or .path == \"f-$size\") | {id, size, mode, type}) | unique | length" ls :)" 1
  store cat :s-$size | cmp - f-$size
done

# In a commit, and not reported as deleted, whatever -A, -u and commit -A see.
store commit -q -m 1 >"$out"
is "$(store status --porcelain)" ''
expect_exit 0 store add -A
expect_exit 0 store add -u
expect_exit 0 store add .
is "$(store status --porcelain)" ''
expect_exit 1 store commit -A -m 2
# A name in a folder that is not there, and relative to the current directory.
echo deep | (cd sub && store add -q --stdin --name a/b/c)
store commit -q -m 3 >"$out"
is "$(store cat HEAD:sub/a/b/c)" deep
rmdir sub
is "$(store status --porcelain)" ''
expect_exit 1 store commit -A -m 4
# Until a file appears there.
echo other >s-1
is "$(store status --porcelain)" ' M s-1'
store commit -q -A -m 5 >"$out"
is "$(store cat HEAD:s-1)" other
rm s-1
is "$(store status --porcelain)" ' D s-1'
store commit -q -A -m 6 >"$out"
# A checkout writes it like any file.
expect_exit 0 store checkout HEAD -- s-65537 sub
cmp s-65537 f-65537
is "$(cat sub/a/b/c)" deep
rm s-65537
is "$(store status --porcelain)" ' D s-65537'
expect_exit 0 store checkout --out "$scratch/o" HEAD
cmp "$scratch/o/s-3000000" f-3000000

# What is there is in the way.
echo there >there
expect_exit 7 store --json add --exec there -- touch ran
is "$(got '.error.kind, .error.paths[]' | paste -sd ' ')" 'exists there'
[[ ! -e ran ]]
expect_exit 7 store add --exec there/below -- true
expect_exit 7 store add --stdin --name sub

# Programs: as they are, no shell; several; with what they read.
# shellcheck disable=SC2016
expect_exit 0 store --json add --exec e1 -- printf '%s|' 'a  b' '$HOME' -- --json --exec e2 -- sh -c 'echo two'
is "$(got .result.files)" 2
is "$(store cat :e1)" "a  b|\$HOME|--|--json|"
is "$(store cat :e2)" two
echo piped | store add -q --exec e3 -- tr a-z A-Z
is "$(store cat :e3)" PIPED
echo mine | store add -q --stdin --name e4 --exec e5 -- cat
is "$(store cat :e4)$(store cat :e5)" mine
(cd sub && store add -q --exec e6 -- pwd)
is "$(store cat :sub/e6)" "$PWD/sub"

# Three dumps and an archive in one commit, which -A leaves alone.
mkdir tree && echo t >tree/t
store add -q --exec db/a -- echo a --exec db/b -- echo b --exec db/c -- echo c
tar -c tree | store add -q --tar - --prefix db
rm -r tree
store commit -q -A -m 'three dumps and an archive' >"$out"
is "$(json '[.result.entries[].path] | join(" ")' ls -r HEAD:db)" 'db/a db/b db/c db/tree db/tree/t'

# One that fails leaves the index byte for byte as it was.
cp .store/index.log "$scratch/before"
fails() {
  expect_exit 3 store --json add --exec ok -- echo fine "$@"
  is "$(got '[.ok, .error.kind, (.result.failed | length)] | tojson')" '[false,"partial",1]'
  cmp .store/index.log "$scratch/before"
}
fails --exec bad -- sh -c 'head -c 200000 /dev/zero; exit 7'
is "$(got '.result.failed[] | .path + ": " + .message')" 'bad: sh ended with status 7'
fails --exec bad -- sh -c 'kill -9 $$'
is "$(got '.result.failed[0].message')" 'sh was ended by signal 9'
fails --exec bad -- no-such-program
fails --exec bad -- .
# Standard input that cannot be read.
status=0
store --json add --stdin --name bad <. >"$out" 2>"$err" || status=$?
is "$status" 3
is "$(got '.result.failed[0].path')" bad
cmp .store/index.log "$scratch/before"

# -n reads everything and writes nothing.
noise new 300000 | store --json add -n --stdin --name new >"$out"
is "$(got '.result | .bytes, (.new_chunks > 0), (.stored_bytes > 300000)' | paste -sd ' ')" '300000 true true'
cmp .store/index.log "$scratch/before"

# At most one option reads standard input, and what makes no sense is refused before anything runs.
for words in '--stdin --name a --tar -' '--tar - --tar -' '--stdin --stdin --name a' '--stdin --name a --files-from -' '--stdin' \
  '--name a' '--stdin --name a/' '--stdin --name ../a' '--stdin --name .store/x' '--stdin --name .' '--exec a' '--exec a --' \
  '--exec a --exec b -- touch ran' '--prefix d' '--stdin --name a --exec a -- touch ran' '--exec a -- touch ran --exec ../b -- x' \
  '--exec a -- touch ran --exec a/b -- touch ran' '--exec a/b/c -- touch ran --exec a -- touch ran' '--stdin --name a --exec a/b -- touch ran' \
  '--stdin --name a/b --exec a -- touch ran' '--tar - --prefix a --exec a -- touch ran'; do
  # shellcheck disable=SC2086
  expect_exit 2 store add $words
done
[[ ! -e ran ]]
expect_exit 2 store save -b other -m x --exec a -- touch ran --exec a/b -- touch ran
contains "$err" 'a/b: lies below a'
expect_exit 4 store log other
[[ ! -e ran ]]

# Together with paths; and a slow source is interrupted at once, with nothing staged.
echo p >p
echo q | store add -q --stdin --name q p
is "$(json '[.result.entries[].path | select(. == "p" or . == "q")] | join(" ")' ls :)" 'p q'
store commit -q -m 7 >"$out"
cp .store/index.log "$scratch/before"
code=$(python3 - <<'END'
import signal, subprocess, time
child = subprocess.Popen(["store", "add", "--exec", "slow", "--", "sh", "-c", "echo x; exec sleep 100"], stderr=subprocess.DEVNULL)
time.sleep(0.5)
child.send_signal(signal.SIGINT)
print(child.wait(timeout=20))
END
)
is "$code" -2
cmp .store/index.log "$scratch/before"
is "$(json '.result.problems | length' fsck)" 0

# What other programs take for standard input, and half of a stream: what to type stands behind it.
for words in '--stdin' '--name NAME' '--stdin NAME'; do
  # shellcheck disable=SC2086
  expect_exit 2 store add $words
  contains "$err" 'try: store add --stdin --name NAME'
done
expect_exit 2 store save --name x.sql -m m -b other
contains "$err" 'try: store save -b BRANCH -m MESSAGE --stdin --name x.sql'
expect_exit 2 store add --exec 'a b'
contains "$err" "try: store add --exec 'a b' -- COMMAND"
expect_exit 4 store add -
contains "$err" 'try: store add --stdin --name NAME'
expect_exit 4 store save - -b other -m m
contains "$err" 'try: store save -b BRANCH -m MESSAGE --stdin --name NAME'
echo 'a file' >-
expect_exit 0 store add -
is "$(store cat :-)" 'a file'

# Nobody has to wonder where the file is.
echo text | store add --stdin --name nowhere.txt >"$out" 2>"$err"
contains "$err" 'note: nowhere.txt is staged, and no file is made or missed here; next: store commit'
