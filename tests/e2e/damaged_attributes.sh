#!/usr/bin/env bash
# Attributes that are damaged cost just themselves: all content comes out with its mode, the directory is named, exit 6; fsck names it too.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p many/in other && (cd many && seq 6000 | xargs touch && chmod 640 7) && noise 1 5000 >many/in/f && echo y >other/h
store commit -q -A -m 1 >"$out"
# Only times change: the second commit adds more attributes than fit one block of metadata, and itself in the last one.
find many other -exec touch -d '2002-02-02 02:02:02' {} + && before=$(packs)
store commit -q -A -m 2 --allow-empty >"$out"
pack=$(comm -13 <(echo "$before") <(packs))
python3 - ".store/packs/$pack" <<'PY'
import sys
with open(sys.argv[1], 'r+b') as f:
    data = f.read()
    at = data.index(b'STBK')
    number = lambda offset: int.from_bytes(data[at + offset:at + offset + 4], 'big')
    objects = number(8)
    assert {data[at + 28 + 5 * i] for i in range(objects)} == {4}, 'not a block of attributes alone'
    middle = at + 28 + 5 * objects + 8 + number(16) // 2
    f.seek(middle)
    f.write(bytes([data[middle] ^ 0x40]))
PY

expect_exit 6 store fsck --json
is "$(got '[.result.problems[].pack] | unique | join(" ")')" "${pack%.pack}"
at_least "$(got '[.result.problems[] | select(.commits | length > 0)] | length')" 1
expect_exit 6 store --json checkout HEAD --out "$scratch/o"
is "$(got '[.result.failed[].path] | join(" ")')" many
contains "$out" attributes
equal_trees . "$scratch/o"
is "$(stat -c %a "$scratch/o/many/7")" 640
is "$(stat -c %y "$scratch/o/other/h" | cut -c 1-10)" 2002-02-02
isnt "$(stat -c %y "$scratch/o/many/7" | cut -c 1-10)" 2002-02-02

# In place as well, where only attributes would change; and the other commit is whole.
expect_exit 6 store --json checkout HEAD -- .
is "$(got '[.result.failed[].path] | join(" ")')" many
is "$(store status --porcelain)" ''
expect_exit 0 store checkout HEAD~1
is "$(store status --porcelain)" ''
expect_exit 6 store --json checkout main
is "$(got '[.result.failed[].path] | join(" ")')" many
is "$(store status --porcelain)" ''
equal_trees . "$scratch/o"
