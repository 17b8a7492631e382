#!/usr/bin/env bash
# Hundreds of small commits: few packs, little space, and every version still comes out.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

store init -q
mkdir d && for i in {1..200}; do echo "$i" >"d/$i"; done
store add -q -A && store commit -q -m 0 >"$out"
for i in {1..300}; do
  echo "change $i" >"d/$((i % 200 + 1))"
  store -q add -A
  store commit -q -m "$i" >"$scratch/last"
done
# 1,000 commits may leave 32 packs; of 300 the tiers of 8 leave no more than 24.
at_most "$(packs | wc -l)" 24
is "$(json '.result.commits | length' log)" 301
is "$(store cat HEAD~150:d/151)" 'change 150'
is "$(store cat HEAD~300:d/151)" 151
is "$(json '.result.problems | length' fsck)" 0

# No merging when it is turned off.
store config core.auto_merge false
before=$(packs | wc -l)
for i in {1..20}; do echo "more $i" >d/1 && store -q add -A && store commit -q -m "$i" >"$out"; done
at_least "$(packs | wc -l)" $((before + 20))
