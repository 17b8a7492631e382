#!/usr/bin/env bash
# layers: each publish has a line, and each pack that is there stands in one line or another, whatever made it.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

on_disk() { find .store/packs -name '*.pack' -printf '%f\n' | cut -d . -f 1 | sort; }
named() { json '[.result.layers[].packs[], .result.other_packs[].id] | unique[]' layers; }
others() { json '.result.other_packs | length' layers; }
all_named() { is "$(comm -23 <(on_disk) <(named | sort))" ''; }

store init -q --compression none
is "$(json '.result | tojson' layers)" '{"layers":[],"other_packs":[]}'
noise 1 3000000 >big && echo small >small && store add -q -A && store commit -q -m 1 >"$out"
is "$(others)" 0
all_named
is "$(store layers | wc -l)" 2

# A run that is cut off behind its first pack: the pack is there, the layer is not.
noise 2 120000000 >two-packs
store --progress none add -q two-packs &
pid=$!
packs=$(on_disk | wc -l)
while kill -0 "$pid" 2>"$err" && (($(on_disk | wc -l) == packs)); do sleep 0.01; done
kill -KILL "$pid" 2>"$err" || true
wait "$pid" 2>"$err" || true
all_named
store add -q -A && store commit -q -m 2 >"$out"
all_named

# Merged: the layers stay, the pack of the merge has its line.
layers=$(json '.result.layers | tojson' layers)
store repack -q
is "$(json '.result.layers | tojson' layers)" "$layers"
at_least "$(others)" 1
all_named
store layers >"$out" && contains "$out" "$(on_disk | head -c 10)" && contains "$out" 'packs of no layer'
is "$(json '.result.other_packs | map(.bytes) | add' layers)" "$(stored_bytes)"

# Repaired.
pack=$(find .store/packs -name '*.pack' -size +1000k | head -n 1)
chmod u+w "$pack" && printf 'damage' | dd of="$pack" bs=1 seek=70000 conv=notrunc status=none
expect_exit 0 store --json fsck --repair
all_named
expect_exit 0 store fsck
