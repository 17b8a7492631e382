#!/usr/bin/env bash
# fsck finds and locates a flipped byte; undamaged files still come out.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir d && noise 1 3000000 >d/big && noise 2 3000000 >other && echo small >small
store add -q -A && store commit -q -m 1 >"$out"
is "$(json '.result.problems | tojson' fsck)" '[]'
is "$(got '.result.objects > 10 and .result.packs > 0 and .result.bytes_read > 6000000')" true
for mode in --quick --data '--subset 50%' '--subset 1/3' '--subset 10M'; do
  # shellcheck disable=SC2086
  expect_exit 0 store fsck $mode
done
expect_exit 2 store fsck --subset 5/3
expect_exit 2 store fsck --subset x

# A byte in the middle of the pack with the content: it belongs to d/big or other.
pack=$(find .store/packs -size +5M)
chmod u+w "$pack" && offset=1000000
if [[ $(dd if="$pack" bs=1 skip="$offset" count=1 status=none | xxd -p) == ff ]]; then offset=$((offset + 1)); fi
printf '\xff' | dd of="$pack" bs=1 seek="$offset" conv=notrunc status=none
# What reads no content cannot see it, and says so.
expect_exit 0 store fsck --quick
contains "$out" 'Contents were not read: damage inside of files is found by store fsck'
is "$(json .result.contents_read fsck --quick)" none
expect_exit 0 store fsck --quick --repair
contains "$out" 'Contents were not read'
expect_exit 6 store --json fsck
is "$(got .result.contents_read)" all
is "$(got '[.ok, .error.code, .error.kind] | tojson')" '[false,6,"corrupt"]'
is "$(got '.result.problems | length')" 1
is "$(got '.result.problems[0].pack')" "$(basename "$pack" .pack)"
is "$(got ".result.problems[0].offset <= $offset")" true
is "$(got '.result.problems[0].commits | length')" 1
bad=$(got '.result.problems[0].paths | join(" ")')
# What reads less does not forget it.
for mode in --quick '--subset 1/1000'; do
  # shellcheck disable=SC2086
  expect_exit 6 store --json fsck $mode
  is "$(got '.result.problems[0].pack')" "$(basename "$pack" .pack)"
done
[[ $bad == d/big || $bad == other ]]
expect_exit 6 store checkout HEAD --out "$scratch/o"
for file in d/big other small; do
  if [[ $file == "$bad" ]]; then [[ ! -e $scratch/o/$file ]]; else cmp "$file" "$scratch/o/$file"; fi
done
expect_exit 6 store cat "HEAD:$bad"
store cat HEAD:small | cmp - small

# A byte of a pack's header, or of its footer: every file of it still comes out.
rm -rf .store && store init -q && store add -q -A && store commit -q -m 1 >"$out"
for pack in .store/packs/*; do
  chmod u+w "$pack" && cp "$pack" "$scratch/pack"
  for offset in 3 $(($(stat -c %s "$pack") - 1)); do
    printf '\xff' | dd of="$pack" bs=1 seek="$offset" conv=notrunc status=none
    store checkout -q HEAD --out "$scratch/o" && equal_trees . "$scratch/o" && rm -rf "$scratch/o"
    expect_exit 6 store --json fsck
    is "$(got '[.result.problems[] | .pack, (.offset != null), (.paths | length)] | tojson')" \
      "[\"$(basename "$pack" .pack)\",true,0]"
    cp "$scratch/pack" "$pack"
  done
done

# All that a pack had is named when it was cut short, or is gone, also where tables still list it.
rm -rf .store && store init -q && store add -q -A && store commit -q -m 1 >"$out"
pack=$(find .store/packs -size +5M)
for i in $(seq 12); do echo "$i" >"t$i" && store add -q "t$i" && store commit -q -m "$i" >"$out"; done
[[ -n $(ls .store/tables) ]]
for how in cut gone; do
  if [[ $how == cut ]]; then truncate -s 5000 "$pack"; else rm -f "$pack"; fi
  expect_exit 6 store --json fsck
  is "$(got '[.result.problems[].paths[]] | unique | tojson')" '["d/big","other","small"]'
  is "$(got '[.result.problems[].commits[]] | unique | length')" 13
done
