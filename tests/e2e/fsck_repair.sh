#!/usr/bin/env bash
# fsck --repair mends what is damaged from what is left: packs, catalog, tables, refs, index, and content from the working tree.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

# damage FILE [OFFSET]: one byte gets another value.
damage() {
  local offset=${2:-$(($(stat -c %s "$1") / 2))} old
  old=$(xxd -s "$offset" -l 1 -p "$1")
  chmod u+w "$1"
  printf '%08x: %02x' "$offset" $((0x$old ^ 0x10)) | xxd -r - "$1"
}
# Repaired to the end, and sound; HEAD comes out as the working tree is. What is in quarantine stays there.
mended() {
  expect_exit 0 store --json fsck --repair
  is "$(got '[.ok, (.result.problems | length), (.result.repaired | length > 0)] | tojson')" '[true,0,true]'
  cp "$out" "$scratch/repaired"
  expect_exit 0 store fsck
  rm -rf "$scratch/o" && store checkout -q HEAD --out "$scratch/o" && equal_trees . "$scratch/o"
  expect_exit 0 store fsck --repair
  is "$(json '.result.repaired | tojson' fsck --repair)" '[]'
  is "$(store status -s)" ''
}
from_scratch() { rm -rf .store && cp -a "$scratch/good" .store; }

store init -q
mkdir d && noise 1 3000000 >d/big && noise 2 70000 >other && echo small >small && ln -s d/big link
store add -q -A && store commit -q -m 1 >"$out"
echo 2 >small && mkdir e && noise 3 500000 >e/f && store add -q -A && store commit -q -m 2 >"$out"
store branch topic
store tag v1
is "$(json '.result.repaired | tojson' fsck --repair)" '[]'
[[ ! -e .store/quarantine ]]
cp -a .store "$scratch/good"

# A byte of the content: it is still in the working tree.
pack=$(find .store/packs -size +2M)
damage "$pack" 1000000
cp "$pack" "$scratch/damaged"
mended
is "$(jq -r '.result.repaired | map(.kind) | tojson' "$scratch/repaired")" '["pack","missing_object"]'
is "$(jq -r '.result.repaired[0].quarantined' "$scratch/repaired")" "quarantine/$(basename "$pack")"
cmp ".store/quarantine/$(basename "$pack")" "$scratch/damaged"
[[ ! -e $pack ]]

# Not in the working tree any more: it is named, everything else comes out. The file comes back: so does the content.
from_scratch
damage "$pack" 1000000
mv d/big "$scratch/away"
expect_exit 6 store --json fsck --repair
is "$(got '[.error.kind, (.result.problems | map(.kind, .paths[]) | unique)] | tojson')" '["corrupt",["d/big","missing_object"]]'
is "$(got '.result.problems[0].commits | length')" 2
# For people a path once, however many objects it lacks, and the way out; -v names each.
lost=$(got '.result.problems | length')
at_least "$lost" 2
expect_exit 6 store fsck --repair
is "$(grep -c d/big "$out")" 1
contains "$out" "$lost objects missing or unreadable"
contains "$err" 'store fsck --repair again'
expect_exit 6 store -v fsck
is "$(grep -c d/big "$out")" "$lost"
# The packs of a copy are enough.
cp -a .store "$scratch/lost" && cp -n "$scratch/good/packs/"* .store/packs
expect_exit 0 store fsck --repair
store cat HEAD:d/big | cmp - "$scratch/away"
rm -rf .store && mv "$scratch/lost" .store
expect_exit 6 store fsck
expect_exit 6 store checkout -q HEAD --out "$scratch/p"
for file in other small e/f; do cmp "$file" "$scratch/p/$file"; done
mv "$scratch/away" moved.bin
expect_exit 0 store fsck --repair
store cat HEAD:d/big | cmp - moved.bin
mkdir -p d && mv moved.bin d/big && expect_exit 0 store fsck

# What an earlier run found is mended also by one that reads less.
for mode in --quick '--subset 1/1000'; do
  from_scratch
  damage "$pack" 1000000
  expect_exit 6 store fsck
  # shellcheck disable=SC2086
  expect_exit 0 store fsck $mode --repair
  expect_exit 0 store fsck
done

# Each pack in turn: header, footer, cut short, empty, gone.
from_scratch
for pack in .store/packs/*; do
  for how in header footer cut empty gone; do
    case $how in
      header) damage "$pack" 3 ;;
      footer) damage "$pack" $(($(stat -c %s "$pack") - 1)) ;;
      cut) truncate -s 2000 "$pack" ;;
      empty) truncate -s 0 "$pack" ;;
      gone) rm -f "$pack" ;;
    esac
    status=0
    store --json fsck --repair >"$out" 2>"$err" || status=$?
    # A commit is in no working tree: then the commit is what is missing, and nothing else.
    if ((status == 6)); then is "$(got '.result.problems | map(.kind) | unique | tojson')" '["missing_object"]'; else is "$status" 0; fi
    status2=0
    store fsck >"$out" 2>"$err" || status2=$?
    is "$status2" "$status"
    if ((status == 0)); then rm -rf "$scratch/o" && store checkout -q HEAD --out "$scratch/o" && equal_trees . "$scratch/o"; fi
    # A good copy that is put back heals everything.
    cp "$scratch/good/packs/$(basename "$pack")" "$pack"
    expect_exit 0 store fsck --repair
    expect_exit 0 store fsck
    from_scratch
  done
done

# Catalog, refs, oplog, index: from each other.
for file in catalog HEAD refs/heads/main refs/heads/topic refs/tags/v1 oplog index.log index.base; do
  from_scratch
  [[ -s .store/$file ]] || continue
  damage ".store/$file"
  cp ".store/$file" "$scratch/damaged"
  before=$(cat "$scratch/good/refs/heads/main" "$scratch/good/HEAD")
  mended
  is "$(cat .store/refs/heads/main .store/HEAD)" "$before"
  cmp ".store/quarantine/${file//\//\~}" "$scratch/damaged"
  from_scratch
  rm ".store/$file"
  if [[ $file == index.* ]]; then expect_exit 0 store fsck --repair; else mended; fi
  is "$(cat .store/refs/heads/main .store/HEAD)" "$before"
done
from_scratch
rm .store/config
mended

# Half of everything at once, twice over.
from_scratch
damage .store/catalog && damage .store/refs/heads/main && rm .store/HEAD && damage .store/index.log && damage "$(find .store/packs -size +2M)" 2000000
mended
is "$(find .store/quarantine -type f | wc -l)" 4
store add -q -A && echo 3 >small && store commit -q -a -m 3 >"$out" && store fsck -q

# In a bare repository; a read-only one is refused.
store init -q --bare "$scratch/depot"
store --repo "$scratch/depot" save -q d -b nightly -m 1 >"$out"
damage "$(find "$scratch/depot/packs" -size +2M)" 1000000
expect_exit 6 store --repo "$scratch/depot" fsck --repair
is "$(find "$scratch/depot/quarantine" -name '*.pack' | wc -l)" 1
# What the next save brings again is stored again.
store --repo "$scratch/depot" save -q d -b other -m 2 >"$out"
expect_exit 0 store --repo "$scratch/depot" fsck
