#!/usr/bin/env bash
# Every example of help and the manual does what it says it does: it runs, in a copy of one small world.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p data/2026 photos build
seq 1000 >data/jan.csv && seq 2000 >data/2026/feb.csv && seq 50000 >photos/a.raw && seq 90000 >disk.img
echo one >notes.txt && echo app >build/app && echo 'build/' >.storeignore
store commit -q -A -m first >"$out"
store tag v1
store switch -q -c topic
echo t >topic.txt && store commit -q -A -m 'on topic' >"$out"
store switch -q main
seq 3000 >data/jan.csv && sed -i 's/^500$/five hundred/' disk.img
store commit -q -a -m second >"$out"
seq 10 >data/mar.csv
mkdir "$scratch/worlds" && cd "$scratch"

# Running one example: a changed notes.txt is part of the world, but for words that want a clean tree.
tried=0
while IFS= read -r example; do
  word=$(jq -r .word <<<"$example") command=$(jq -r .command <<<"$example")
  cp -a "$scratch/work" "$scratch/worlds/w" && cd "$scratch/worlds/w"
  [[ $word == mv ]] || echo two >>notes.txt
  code=0
  (PATH=$(dirname "$STORE"):$PATH && sh -ec "$command") >"$out" 2>"$err" </dev/null || code=$?
  [[ $code == 0 ]] || fail "$command: exit $code: $(cat "$err")"
  tried=$((tried + 1))
  cd "$scratch" && rm -rf worlds && mkdir worlds
done < <(store help --json | jq -c '.result.words[] | {word} + .examples[]')
at_least "$tried" 60

# Every word has one.
is "$(store help --json | jq -r '.result.words[] | select(.examples == []) | .word')" ''
