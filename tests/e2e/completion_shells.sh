#!/usr/bin/env bash
# Completion inside real shells: what stands in the line after the tab key is what the program means, whatever names hold.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
newline=$'new\nline.txt'
# shellcheck disable=SC2016  # a name that must never be run
dangerous='$(touch oops);`x`.txt'
mkdir -p data/deep 'two words'
for name in data/jan.csv data/deep/x 'two words/in it.txt' "$newline" "$dangerous" "quo'te\".txt" plain.txt; do
  echo x >"$name"
done
store commit -q -A -m 'the first one' >"$out"
store tag v1
store branch topic
id=$(store log --format '{short}')
undone=$(json '.result.entries[0].id[:10]' oplog)  # the tag is the newest
rm plain.txt
store branch nightly

# Keys (\t: the tab key), then the arguments they should become.
case_of() { jq -nc '$ARGS.positional' --args -- "$@"; }
tab=$'\t'
{
  case_of "store checko${tab}x" store checkout x
  case_of "store log --onel${tab}x" store log --oneline x
  case_of "store --color=ne${tab}x" store --color=never x
  case_of "store switch to${tab}x" store switch topic x
  case_of "store log ${id:0:5}${tab}x" store log "$id" x
  case_of "store cat v1:da${tab}" store cat v1:data/
  case_of "store cat v1:data/j${tab}x" store cat v1:data/jan.csv x
  case_of "store cat v1:tw${tab}i${tab}x" store cat 'v1:two words/in it.txt' x
  case_of "store cat v1:new${tab}x" store cat "v1:$newline" x
  case_of "store cat v1:\\\$${tab}x" store cat "v1:$dangerous" x
  case_of "store cat v1:quo${tab}x" store cat "v1:quo'te\".txt" x
  case_of "store cat 'v1:two wo${tab}i${tab}x" store cat 'v1:two words/in it.txt' x
  case_of "store cat \"v1:two wo${tab}i${tab}x" store cat 'v1:two words/in it.txt' x
  case_of "store restore 'two wo${tab}i${tab}x" store restore 'two words/in it.txt' x
  case_of "store restore tw${tab}i${tab}x" store restore 'two words/in it.txt' x
  case_of "store cat :da${tab}" store cat :data/
  case_of "store restore pl${tab}x" store restore plain.txt x
  case_of "store config core.permissions f${tab}x" store config core.permissions full x
  case_of "store --config core.permissions=ex${tab}x" store --config core.permissions=exec x
  case_of "store log main..nig${tab}x" store log main..nightly x
  case_of "store diff v1..to${tab}x" store diff v1..topic x
  case_of "store add da${tab}j${tab}x" store add data/jan.csv x
  case_of "store add tw${tab}i${tab}x" store add 'two words/in it.txt' x
  case_of "store add new${tab}x" store add "$newline" x
  case_of "store add pl${tab}x" store add plain.txt x
  case_of "store add -- quo${tab}x" store add -- "quo'te\".txt" x
  case_of "store add .${tab}x" store add .x
  case_of "store branch -d m${tab}x" store branch -d mx
  case_of "store branch -d nig${tab}x" store branch -d nightly x
  case_of "store branch -d to${tab}x" store branch -d topic x
  case_of "store tag -d ${tab}x" store tag -d v1 x
  case_of "store completion fi${tab}x" store completion fish x
  case_of "store undo ${undone:0:7}${tab}x" store undo "$undone" x
  case_of "store log -- tw${tab}i${tab}x" store log -- 'two words/in it.txt' x
} >"$scratch/cases"

shells=0
for shell in bash zsh fish; do
  command -v "$shell" >"$out" || continue
  shells=$((shells + 1))
  store completion "$shell" >"$scratch/completion.$shell"
  python3 "${script%/*}/support/type_into_shell.py" "$shell" "$scratch/completion.$shell" <"$scratch/cases" >"$out" 2>"$err" ||
    fail "$(cat "$out" "$err")"
done
[[ ! -e oops ]]
((shells > 0)) || skip 'no shell to try it in'
