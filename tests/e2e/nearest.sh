#!/usr/bin/env bash
# A path that does not exist: exit 4, nothing done, and the nearest name, as it would have to be typed.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

# near CANDIDATE WORD…: what WORD… is told to be meant instead; null if nothing.
near() {
  local expected=$1
  shift
  expect_exit 4 store --json "$@"
  is "$(got '.error.candidates[0] // .error.hint')" "$expected"
}

store init -q
mkdir -p source/deep other && echo 1 >source/main.cpp && echo 2 >source/deep/leaf.txt && echo 3 >other/one && echo 4 >README
store add -q -A && store commit -qm x >"$out"
echo new >source/untracked.cpp
near README add REDME
near source/main.cpp add source/mian.cpp
near source/untracked.cpp add source/untraked.cpp
near source/deep/leaf.txt add sorce/deep/leaf.txt
near source/deep add sorce/deep
near source add sorce/nothing
near null add zzzzzzzz
near null add 'sorce*'
near source/main.cpp rm source/mian.cpp
near null rm source/untraked.cpp
near README mv REDME x
near source/deep mv source/dep/ other
near other mv README othr/x
near source/main.cpp restore source/mian.cpp
near source/main.cpp restore --staged source/mian.cpp
near source/main.cpp checkout HEAD -- source/mian.cpp
is "$(store status --porcelain)" '?? source/untracked.cpp'

# From a subdirectory, and spelt in other ways.
cd source
near main.cpp add mian.cpp
near ./main.cpp rm ./mian.cpp
near ../README add ../REDME
near :/README rm :/REDME
near "$PWD/main.cpp" add "$PWD/mian.cpp"
cd ..
store -C source --json add mian.cpp >"$out" || is $? 4
is "$(got '.error.hint')" main.cpp
# Where a revision or a path may stand, and ranges.
store branch nightly
for word in ls du show log diff; do
  near README "$word" READM
  near source/main.cpp "$word" source/mian.cpp
  near nightly "$word" nighly
  near 'store branch, store tag, or store log --all --oneline, which list them' "$word" zzzzzzzz
done
near source ls sorce
near README log main READM
for word in log diff; do
  near main..nightly "$word" main..nighly
  near main..nightly "$word" mian..nightly
  near ..nightly "$word" ..nighly
done
expect_exit 4 store cat READM
contains "$err" 'try: README'
(cd source && near main.cpp ls mian.cpp && near ../README log ../READM)
cp -r .store "$scratch/bare"
near 'store branch, store tag, or store log --all --oneline, which list them' --repo "$scratch/bare" ls READM
near nightly --repo "$scratch/bare" log nighly
# A name of letters that a terminal must not see.
echo 5 >$'od\ed' && store add -q .
expect_exit 4 store rm $'od\eD'
contains "$err" 'try: od\x1bd'
