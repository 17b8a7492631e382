#!/usr/bin/env bash
# A checkout never leaves its target, whatever links stand in the way.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p d/e && echo evil >d/e/f && store add -q -A && store commit -q -m 1 >"$out"
mkdir "$scratch/outside"
rm -r d && ln -s "$scratch/outside" d
expect_exit 7 store checkout HEAD -- d
store checkout -q --force HEAD -- d 2>"$err" || true
is "$(find "$scratch/outside" -type f | wc -l)" 0

mkdir -p "$scratch/o/d" && ln -s "$scratch/outside" "$scratch/o/d/e"
expect_exit 7 store checkout HEAD --out "$scratch/o"
is "$(find "$scratch/outside" -type f | wc -l)" 0
store checkout -q --force HEAD --out "$scratch/o"
is "$(cat "$scratch/o/d/e/f")" evil
is "$(find "$scratch/outside" -type f | wc -l)" 0

# No folder in the repository is a target, whatever its name looks like.
ln -s .store inside
for o in .store .store/x new/../.store/x inside inside/x ../work/inside/packs/x; do
  expect_exit 2 store checkout HEAD --out "$o"
done
[[ ! -e .store/x && ! -e .store/packs/x && ! -e new ]]
rm inside

# Paths beyond a symlink are not in the working tree.
mkdir -p real && echo 1 >real/x && ln -s real link
for word in add rm restore 'restore --staged' 'checkout HEAD --' status diff 'diff HEAD' 'diff --staged --' check-ignore; do
  read -ra words <<<"$word"
  expect_exit 2 store "${words[@]}" link/x
  contains "$err" 'link/x: is beyond the symlink link'
done
(cd real && expect_exit 2 store diff -- ../link/x)
expect_exit 2 store mv link/x y
# In commits it may have been a directory.
expect_exit 0 store diff HEAD HEAD -- link/x
expect_exit 0 store log -- link/x
store add -q link real
is "$(json '.result.staged | map(.path) | map(select(startswith("link"))) | tojson' status)" '["link"]'
