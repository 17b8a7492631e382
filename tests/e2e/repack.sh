#!/usr/bin/env bash
# repack: other bytes, the same ids; small packs become one; killed at any moment nothing is lost; damage stays where it is.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q --compression none
store config core.auto_merge false
store --json repack >"$out" && is "$(got '.result | tojson')" '{"bytes_before":0,"bytes_after":0,"packs_before":0,"packs_after":0,"map":[]}'
for i in 1 2 3 4 5; do
  for j in $(seq 200); do seq "$i" "$((i * j))" >"f$i-$j"; done
  noise "$i" 300000 >"big$i" && store add -q -A && store commit -q -m "$i" >"$out"
done
packs() { find .store/packs -type f | wc -l; }
ids() { store log --format '{id}' && store ls -r -l; }
ids >"$scratch/ids" && before=$(packs)
noise 99 100000 >staged && store add -q staged

# As it is, nothing shrinks but the number of packs; what is staged stays apart.
is "$(json '.result | [.map, .packs_after] | tojson' repack)" '[[],2]'
is "$(got '.result.packs_before')" "$((before + 1))"
is "$(packs)" 2
is "$(ids)" "$(cat "$scratch/ids")"
# Again: the same packs, and they are still there.
kept=$(find .store/packs -type f | sort) && store repack -q && is "$(find .store/packs -type f | sort)" "$kept"
is "$(json '.result.problems | length' fsck)" 0
raw=$(json .result.bytes_after repack)

# Compression of now.
store config core.compression 19
after=$(json .result.bytes_after repack) && ((after < raw))
is "$(got .result.bytes_before)" "$raw"
is "$(bytes_in .store/packs)" "$after"
is "$(ids)" "$(cat "$scratch/ids")"
is "$(json '.result | [.problems | length] | tojson' fsck)" '[0]'
is "$(json .result.new_bytes commit -m staged)" 100000
is "$(json .result.unreferenced_bytes stats)" 0
store checkout -q HEAD --out "$scratch/o" && equal_trees . "$scratch/o"
is "$(find .store/sessions -mindepth 1 | wc -l)" 0

# Killed at any moment.
tree=$(json .result.commits[0].tree log -n 1)
for i in $(seq 12); do
  store repack -q --config core.compression="$((1 + i % 3))" >"$out" 2>"$err" &
  pid=$!
  sleep "0.0$((i * 7 % 10))"
  kill -KILL "$pid" 2>"$scratch/killed" || true
  wait "$pid" 2>"$scratch/killed" || true
  is "$(json '.result.problems | length' fsck --quick)" 0
done
echo x >later.txt && store add -q later.txt && store commit -q -m later >"$out"
is "$(json '.result.problems | length' fsck)" 0
is "$(json .result.commits[1].tree log -n 2)" "$tree"
store repack -q && is "$(json '.result.problems | length' fsck)" 0
store checkout -q HEAD --out "$scratch/p" && equal_trees . "$scratch/p"

# A damaged pack is named and left alone; it is not made to look sound.
victim=$(find .store/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
size=$(stat -c %s "$victim") && printf '\377\377\377\377' | dd of="$victim" bs=1 seek=$((size / 2)) conv=notrunc status=none
expect_exit 6 store --json repack
is "$(got '.result.map | tojson')" '[]'
[[ -f $victim ]]
expect_exit 6 store fsck
