#!/usr/bin/env bash
# log: order, ranges, filters, formats; nothing and exit 0 without commits; REV forms.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
for words in 'log HEAD' 'log @' 'log HEAD -- x' 'log --oneline HEAD'; do
  # shellcheck disable=SC2086
  expect_exit 0 store $words
  is "$(cat "$out")" ''
done
expect_exit 4 store log main
expect_exit 4 store show HEAD
expect_exit 0 store log
is "$(cat "$out")" ''
for i in 1 2 3 4; do
  mkdir -p d && echo "$i" >"f$i" && echo "$i" >d/x && store add -q -A
  store commit -q -m "number $i" --author "P$i <p$i@x>" --date "@$((100000 - i))" --meta "n=$i" >>ids
done
sed -i '/^$/d' ids && mv ids "$scratch/ids"
nth() { sed -n "$1p" "$scratch/ids"; }
messages() { store --json log "$@" | jq -c '.result.commits | map(.message[-1:]) | add'; }

# Children before parents, whatever their clocks say.
is "$(messages)" '"4321"'
is "$(messages -n 2)" '"43"'
is "$(messages -3)" '"432"'
is "$(messages --reverse)" '"1234"'
is "$(messages HEAD~1)" '"321"'
is "$(messages "$(nth 1)..HEAD^")" '"32"'
is "$(messages "$(nth 2 | cut -c 1-8)")" '"21"'
is "$(messages --author P2)" '"2"'
is "$(messages --grep 'number 3')" '"3"'
is "$(messages --meta n=4)" '"4"'
is "$(messages --meta n)" '"4321"'
is "$(messages --since @99998 --until @99998)" '"2"'
is "$(messages -- f2)" '"2"'
is "$(messages f3)" '"3"'
is "$(messages -- d)" '"4321"'
is "$(messages @)" '"4321"'
is "$(messages refs/heads/main)" '"4321"'
is "$(store log --format '{short} {subject} {meta.n}' -n 1)" "$(nth 4 | cut -c 1-10) number 4 4"
is "$(store log --oneline | wc -l)" 4
is "$(store log --graph --oneline | wc -l)" 4
expect_exit 4 store --json log 0000000000
is "$(got '[.error.code, (.error.candidates | type)] | tojson')" '[4,"array"]'
expect_exit 4 store --json log mainn
contains "$out" '"main"'
expect_exit 4 store log HEAD~4
expect_exit 2 store log -n x

# Author and message are basic regular expressions, for each line.
is "$(messages --author '^P[23] <')" '"32"'
is "$(messages --grep '^number [^1-3]$')" '"4"'
is "$(messages --grep 'umber \(1\|3\)')" '"31"'
is "$(messages --grep '(1)')" null
expect_exit 2 store log --grep '\(1'
contains "$err" 'not a basic regular expression'

# A branch without a commit has no history: said, if others have one.
store init -q "$scratch/unborn" && cd "$scratch/unborn"
expect_exit 0 store log
[[ ! -s $out && ! -s $err ]]
echo x >x && store save -q . -b nightly -m 1 >"$out"
expect_exit 0 store log
[[ ! -s $out ]]
contains "$err" 'main has no commit yet'
contains "$err" 'store log --all'
for words in 'log --all' 'log nightly' '-q log'; do
  read -ra split <<<"$words"
  expect_exit 0 store "${split[@]}"
  [[ ! -s $err ]]
done
