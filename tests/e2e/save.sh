#!/usr/bin/env bash
# save: one step from a folder to a commit; nothing is read twice; several at once make a line of commits.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

repo=$scratch/depot
store init -q --bare "$repo"
export STORE_DIR=$repo
mkdir -p build/bin build/empty
noise 1 2000000 >build/bin/app && words 2 30000 >build/log && ln -s bin/app build/link && chmod 755 build/bin/app && chmod 700 build

is "$(json '.result | [.committed, .branch, .files, .directories, .symlinks, (.parents | length), .cache_hits] | tojson' \
  save build -b nightly -m 'job 1' --meta build=1)" '[true,"nightly",2,2,1,0,0]'
first=$(got .result.id)
is "$(json '.result.commits[0] | .id, .meta.build, .message' log nightly | paste -sd ' ')" "$first 1 job 1"
is "$(json '[.result.entries[].path] | join(" ")' ls -r nightly:)" 'bin bin/app empty link log'
store checkout -q --out "$scratch/o" nightly
chmod 755 build && equal_trees build "$scratch/o"

# The same tree: a commit of its own, or none; nothing is read again.
sleep 0.1
is "$(json '.result | [.committed, .unchanged_files, .new_chunks] | tojson' save build -b nightly -m 'job 2' --meta build=2)" '[true,2,0]'
is "$(json '.result | [.committed, .cache_hits, .unchanged_files, .new_bytes, .files] | tojson' save build -b nightly -m 'job 3')" '[true,2,2,0,2]'
third=$(got .result.id)
is "$(json '.result | [.committed, .id] | tojson' save build -b nightly -m 4 --skip-if-unchanged)" "[false,\"$third\"]"
is "$(store -q save build -b nightly -m 4 --skip-if-unchanged)" "$third"
is "$(json '.result.commits | length' log nightly)" 3
# A tag is made at the commit that is there.
is "$(json '.result | [.committed, .id] | tojson' save build -b nightly -m 4 --skip-if-unchanged --tag t4)" "[false,\"$third\"]"
is "$(json '.result.commits[0].id' log refs/tags/t4)" "$third"
expect_exit 7 store save build -b nightly -m 4 --skip-if-unchanged --tag t4
# By tree, not by time: another branch, an older time, a copy elsewhere.
cp -r build copy
tree=$(json '.result.commits[0].tree' log nightly)
is "$(json '.result | [.tree, .new_chunks, .cache_hits] | tojson' save copy -b other -m c)" "[\"$tree\",0,0]"
# A changed, a deleted and a new file.
echo more >>build/log && rm build/link && echo new >build/bin/new
is "$(json '.result | [.cache_hits, .files, .changes.added, .changes.modified, .changes.deleted] | tojson' save build -b nightly -m 'job 5')" '[1,3,1,1,1]'
is "$(json '[.result.entries[].path] | join(" ")' ls -r nightly:)" 'bin bin/app bin/new empty log'
store cat nightly:log | cmp - build/log

# What is remembered is not trusted: lost objects are read again, damage is thrown away.
rm -r "$scratch/depot2" 2>"$err" || true
store init -q --bare "$scratch/depot2"
cp -r "$repo/saves" "$scratch/depot2/"
is "$(json '.result | [.cache_hits, .new_chunks > 0] | tojson' --repo "$scratch/depot2" save build -b b -m m)" '[0,true]'
is "$(json '.result.problems | length' --repo "$scratch/depot2" fsck)" 0
for file in "$repo"/saves/*/index.*; do
  size=$(stat -c %s "$file")
  ((size < 100)) || printf '\377\377\377\377' | dd of="$file" bs=1 seek=$((size / 2)) conv=notrunc status=none
done
is "$(json '.result.new_chunks' save build -b nightly -m damaged)" 0
rm -r "$repo/saves"
is "$(json '.result | [.cache_hits, .new_chunks] | tojson' save build -b nightly -m lost)" '[0,0]'

# Settings that ids depend on are part of what is remembered.
store save -q build -b nightly -m again >"$out"
is "$(json '.result.cache_hits' --config core.inline_threshold=1K save build -b nightly -m 1k 2>"$err")" 0

# Exclusions and rules hold for what was saved before, too.
printf '*.tmp\n/bin/new\n' >build/.storeignore && echo t >build/x.tmp
store save -q build -b rules -m 1 >"$out"
is "$(json '[.result.entries[].path] | join(" ")' ls -r rules:)" '.storeignore bin bin/app empty log'
store save -q build -b rules -m 2 --exclude 'l*' --exclude empty/ --exclude-larger-than 1M >"$out"
is "$(json '[.result.entries[].path] | join(" ")' ls -r rules:)" '.storeignore bin'
store save -q build -b rules -m 3 >"$out"
is "$(json '[.result.entries[].path] | join(" ")' ls -r rules:)" '.storeignore bin bin/app empty log'
rm build/.storeignore build/x.tmp

# The repository itself is skipped, whatever it is called.
store --repo "$repo" save "$scratch" -b all -m all --exclude work --exclude home --exclude 'o*' --exclude err --exclude bin -q >"$out" 2>"$err"
is "$(json '[.result.entries[].path] | map(select(startswith("depot"))) | join(" ")' ls all:)" 'depot2'
expect_exit 2 store save "$repo" -b self -m m

# A file; a tag, made with the commit; refused if it is there.
is "$(json '.result.files' save build/bin/app -b one -m 1 --tag v1)" 1
is "$(json '[.result.entries[].path] | join(" ")' ls v1:)" app
expect_exit 7 store save build -b one -m 2 --tag v1
is "$(json '.result.commits | length' log one)" 1
expect_exit 2 store save build -b 'bad..name' -m 1
expect_exit 2 store save build -m 1
expect_exit 2 store save build -b b
expect_exit 2 store save -b b -m m
expect_exit 4 store save nowhere -b b -m m

# Streams, several at once; one that fails makes no commit.
tar -C build -cf b.tar bin
echo in | store -q save --stdin --name a/in --tar b.tar --prefix t -b streams -m s --exec one.sql -- echo 1 --exec two.sql -- echo 2 >"$out"
is "$(json '[.result.entries[].path] | join(" ")' ls -r streams:)" 'a a/in one.sql t t/bin t/bin/app t/bin/new two.sql'
is "$(store cat streams:two.sql)$(store cat streams:a/in)" 2in
tip=$(json '.result.commits[0].id' log streams)
expect_exit 3 store --json save -b streams -m f --exec x -- echo 1 --exec y -- false
is "$(got '.result | [.committed, .id, (.failed | length)] | tojson')" "[false,\"$tip\",1]"
expect_exit 3 store save -b never -m f --exec y -- false
expect_exit 4 store log never
expect_exit 2 store save build --stdin --name x -b b -m m
expect_exit 2 store save -b b -m m --exec .store/x -- true

# A branch that is checked out is refused; in a bare repository none is.
store save -q build -b main -m 'bare: HEAD is a name only' >"$out"
unset STORE_DIR
mkdir wt && cd wt && store init -q && echo x >x
expect_exit 7 store save ../build -b main -m m
contains "$err" 'checked out'
store save -q ../build -b side -m m >"$out"
is "$(store status --porcelain)" '?? x'
is "$(json '.result.problems | length' fsck)" 0
export STORE_DIR=$repo
cd ..

# What cannot be read is left out, named, and in the way of --strict only.
if ((EUID == 0)) && as_nobody test -x "$STORE"; then
  cp -r build secret && echo s >secret/s && mkdir secret/closed && echo c >secret/closed/c
  store init -q --bare "$scratch/nobodys"
  chown -R 65534:65534 secret "$scratch/nobodys"
  as_save() { as_nobody store --json --repo "$scratch/nobodys" save secret -b b -m m "$@"; }
  expect_exit 0 as_save
  chmod 000 secret/s secret/closed
  expect_exit 3 as_save --strict
  is "$(got '.result | .committed, (.failed | length)' | paste -sd ' ')" 'false 2'
  expect_exit 3 as_save
  is "$(got '.result | .committed, (.failed | map(.path) | sort | join(" "))' | paste -sd ' ')" 'true closed s'
  is "$(json '[.result.entries[].path] | join(" ")' --repo "$scratch/nobodys" ls b:)" 'bin empty log'
fi

# Eight at once on one branch: eight commits in a line; and others on branches of their own.
for i in 1 2 3 4 5 6 7 8; do
  mkdir "p$i" && noise "p$i" 200000 >"p$i/own" && cp build/bin/app "p$i/shared"
done
pids=()
for i in 1 2 3 4 5 6 7 8; do
  store -q save "p$i" -b race -m "race $i" >"id$i" 2>"err$i" & pids+=($!)
  store -q save build -b "mine$i" -m "own $i" >"own$i" 2>>"err$i" & pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
is "$(cat err?)" ''
is "$(json '.result.commits | length' log race)" 8
is "$(json '[.result.commits[].parents | length] | tojson' log race)" '[1,1,1,1,1,1,1,0]'
is "$(json '[.result.commits[].id] | sort | join(" ")' log race)" "$(sort id? | paste -sd ' ')"
for i in 1 2 3 4 5 6 7 8; do store cat "$(cat "id$i"):own" | cmp - "p$i/own"; is "$(json '.result.commits | length' log "mine$i")" 1; done
is "$(json '.result.problems | length' fsck)" 0
is "$(find "$repo/saves" "$repo/sessions" -name 'tmp-*' -o -path '*/sessions/*' | wc -l)" 0
