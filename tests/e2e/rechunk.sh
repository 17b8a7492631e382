#!/usr/bin/env bash
# repack --rechunk: a branch under other settings: the same content, the ids that adding it anew would give, one undoable step.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p a/deep b empty && noise 1 3000000 >a/deep/big && noise 2 1000 >small && noise 3 50000 >b/one && ln -s one b/l
cp a/deep/big b/copy && head -c 200000 /dev/zero >zeros && truncate -s 40G holes && : >nothing && chmod 750 a
touch -d 2001-02-03T04:05:06Z b/copy
store add -q -A && store commit -q -m 1 --meta k=v --author 'A <a@b>' --date @1000 >"$out"
noise 4 300 >>a/deep/big && noise 5 90000 >b/two && store add -q -A && store commit -q -m $'2\n\nbody' >"$out"
store switch -q -c side HEAD~1 && noise 6 100000 >side && store add -q side && store commit -q -m side >"$out"
store switch -q main && chmod 600 small && store add -q -A && store commit -q -m 3 >"$out"
store tag kept
ids() { store log --format '{id}' "$1"; }
# What must not change of a branch: parents and ids apart, everything in log, and every file's SHA-256.
content() {
  store --json log "$1" | jq -c '.result.commits[] | [.author, .time, .message, .meta, (.parents | length)]'
  for id in $(ids "$1"); do
    store ls -r "$id"
    # Nothing sums up 40 GiB of a hole.
    for path in a/deep b small zeros nothing; do store manifest "$id:$path"; done
  done
}
tree() { json '.result.commits[0].tree' log -n 1 "$1"; }

# Refusals.
expect_exit 2 store repack --map "$scratch/map"
expect_exit 2 store repack --rechunk 'a..b'
expect_exit 4 store repack --rechunk mian --map "$scratch/map"
expect_exit 7 store repack --rechunk main --map "$scratch/map"
contains "$err" 'store switch --detach HEAD'
store switch -q --detach HEAD
before=$(ids main) && side=$(ids side | head -n 1) && content main >"$scratch/content"
expect_exit 4 store repack --rechunk main --map "$scratch/no/map"
is "$(ids main)" "$before" && is "$(find "$scratch" -name 'map*')" ''

# The same settings: the same ids, nothing stored, nothing to undo.
oplog=$(json '.result.entries | length' oplog)
is "$(json '.result | [.bytes_before == .bytes_after, (.map | length), (.map | all(.old == .new))] | tojson' repack --rechunk main)" '[true,3,true]'
is "$(ids main)" "$before"
is "$(json '.result.entries | length' oplog)" "$oplog"

# Other settings, both ways over the border between small and large.
for settings in 'chunking.avg=16K core.inline_threshold=4K' 'chunking.avg=256K core.inline_threshold=512K' \
  'core.inline_threshold=0' 'chunking.small_file_threshold=1M chunking.small_file_chunk_size=8K core.inline_threshold=1K'; do
  for setting in $settings; do store config "${setting%%=*}" "${setting#*=}" 2>"$err"; done
  old=$(ids main)
  store -q repack --rechunk main --map "$scratch/map"
  is "$(cut -d ' ' -f 1 "$scratch/map" | tac)" "$old"
  is "$(cut -d ' ' -f 2 "$scratch/map" | tac)" "$(ids main)"
  isnt "$(ids main)" "$old"
  is "$(content main | diff - "$scratch/content")" ''
  # Ids are those of adding the same files now.
  store save -q . -b fresh -m fresh >"$out" && is "$(tree fresh)" "$(tree main)"
  for setting in $settings; do store config --unset "${setting%%=*}" 2>"$err"; done
done
is "$(json '.result.problems | length' fsck)" 0
is "$(ids kept)" "$before"
is "$(ids side | head -n 1)" "$side"

# Attributes are those that were recorded; the working tree is that of the branch again.
store checkout -q main -- b --out "$scratch/o" && is "$(stat -c %Y "$scratch/o/b/copy")" 981173106
cmp b/copy "$scratch/o/b/copy"
is "$(readlink "$scratch/o/b/l")" one
store switch -q main && is "$(store status --porcelain)" '' && store switch -q --detach HEAD

# One step, forth and back.
old=$(ids main) && content main >"$scratch/content2" && cmp "$scratch/content" "$scratch/content2"
store repack --rechunk main --map "$scratch/map" --config chunking.avg=32K >"$out" 2>"$err"
contains "$err" chunking.avg
contains "$out" "$(head -n 1 "$scratch/map" | sed 's/ / → /')"
new=$(ids main) && isnt "$new" "$old"
store undo -q && is "$(ids main)" "$old"
store undo -q && is "$(ids main)" "$new"
# Again: what is there already is found, and nothing is stored twice.
store undo -q && is "$(json '.result.map | map(.new) | reverse | join("\n")' repack --rechunk main --config chunking.avg=32K)" "$new"
is "$(got '.result | .bytes_before == .bytes_after')" true

# On standard output it is alone.
store repack --rechunk main --config chunking.avg=32K --map - >"$out" 2>"$err"
is "$(cut -d ' ' -f 2 "$out" | tac)" "$new"
is "$(wc -l <"$out")" "$(wc -l <<<"$new")"
[[ ! -e ./- ]]
store undo -q
expect_exit 2 store --json repack --rechunk main --map -
is "$(ids main)" "$old"
expect_exit 9 bash -c 'store repack --rechunk main --config chunking.avg=8K --map - >/dev/full'
is "$(ids main)" "$old"
store repack -q --rechunk main --config chunking.avg=32K 2>"$err" && is "$(ids main)" "$new"

# The map is complete before the branch moves, or it does not move.
store undo -q && is "$(ids main)" "$old"
expect_exit 9 store repack -q --rechunk main --config chunking.avg=8K --map /dev/full
is "$(ids main)" "$old"

# Killed at any moment: the branch is at one of its ends, and all of it is there.
for i in $(seq 12); do
  store repack -q --rechunk main --config chunking.avg=$((4 << i % 5))K --config core.inline_threshold=$((i))K >"$out" 2>"$err" &
  pid=$!
  sleep "0.0$((i * 7 % 10))"
  kill -KILL "$pid" 2>"$scratch/killed" || true
  wait "$pid" 2>"$scratch/killed" || true
  if [[ $(ids main) != "$old" ]]; then content main | cmp - "$scratch/content" && store undo -q; fi
  is "$(ids main)" "$old"
  is "$(json '.result.problems | length' fsck --quick)" 0
done
is "$(json '.result.problems | length' fsck)" 0
store repack -q --rechunk main --config chunking.avg=64K 2>"$err" && content main >"$scratch/content2" && cmp "$scratch/content" "$scratch/content2"
is "$(find .store/sessions -mindepth 1 | wc -l)" 0

# In a bare repository nothing is checked out.
store init -q --bare "$scratch/bare" && store -q --repo "$scratch/bare" save b -b main -m 1 >"$out"
is "$(json '.result.map | length' --repo "$scratch/bare" repack --rechunk main --config chunking.avg=8K)" 1
is "$(json '.result.problems | length' --repo "$scratch/bare" fsck)" 0

# Damage in old content is named, and the branch stays.
cp "$scratch/bare/refs/heads/main" "$scratch/tip"
while IFS= read -r pack; do
  size=$(stat -c %s "$pack") && chmod u+w "$pack" && printf '\377\377\377\377' | dd of="$pack" bs=1 seek=$((size / 2)) conv=notrunc status=none
done < <(find "$scratch/bare/packs" -type f)
expect_exit 6 store --repo "$scratch/bare" repack --rechunk main --config chunking.avg=16K
cmp "$scratch/bare/refs/heads/main" "$scratch/tip"

# During a merge the way out is to end it.
store init -q "$scratch/merging" && cd "$scratch/merging"
echo 1 >f && store add -q f && store commit -q -m 1 >"$out"
store switch -q -c side && echo 2 >f && store commit -q -a -m 2 >"$out"
store switch -q main && echo 3 >f && store commit -q -a -m 3 >"$out"
expect_exit 7 store repack --rechunk main
contains "$err" 'store switch --detach HEAD'
expect_exit 7 store merge side
expect_exit 7 store repack --rechunk main
contains "$err" 'a merge is in progress' && contains "$err" 'store merge --abort'
is "$(store log --oneline | wc -l)" 2
store merge -q --abort && is "$(store status --porcelain)" ''
