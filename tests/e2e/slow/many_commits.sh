#!/usr/bin/env bash
# A thousand small commits: few packs, little space, and every version still comes out.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

store init -q
mkdir d && for i in {1..200}; do echo "$i" >"d/$i"; done
store add -q -A && store commit -q -m 0 >"$out"
for i in {1..1000}; do
  echo "change $i" >"d/$((i % 200 + 1))"
  store -q add -A
  store commit -q -m "$i" >"$scratch/last"
done
at_most "$(packs | wc -l)" 32
is "$(json '.result.commits | length' log)" 1001
is "$(store cat HEAD~850:d/151)" 'change 150'
is "$(store cat HEAD~1000:d/151)" 151
is "$(json '.result.problems | length' fsck)" 0

# No merging when it is turned off.
store config core.auto_merge false
before=$(packs | wc -l)
for i in {1..20}; do echo "more $i" >d/1 && store -q add -A && store commit -q -m "$i" >"$out"; done
at_least "$(packs | wc -l)" $((before + 20))
