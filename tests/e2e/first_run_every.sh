#!/usr/bin/env bash
# Every word of `store help --json`, by one of its examples, wherever a first try may happen: the right exit code, and a message that
# helps. A new word is here by itself.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/example_world.bash
. "$here/tests/e2e/support/example_world.bash"
export STORE_CORE_FSYNC=false

make_example_world
empty=$scratch/empty
mkdir "$empty"

# Words that need no repository, nor a place.
everywhere='^(help|version|completion)$'
word='' command='' situation='' code=0

# run COMMAND…: its exit code goes to $code, what it says to $out and $err; no word of a program's insides may be in it.
run() {
  code=0
  "$@" >"$out" 2>"$err" </dev/null || code=$?
  check_words
}
check_words() {
  if grep -qiE 'fatal|terminate|exception|abort|core dumped|std::|unexpected:|assert' "$err"; then problem 'says'; fi
}
# All of them are told at the end.
problem() { echo "$word, $situation: $* (exit $code of: $command): $(tail -c 600 "$err")" >>"$scratch/problems"; }
# ends CODE…: with one of these, and if it is an error with a message and, but for 1 and 3, something to try.
ends() {
  local one
  for one; do [[ $code != "$one" ]] || break; done
  [[ $code == "$one" ]] || problem "expected exit $*"
  if ((code >= 2)); then grep -q '^error: ' "$err" || problem 'no message'; fi
}
helps() { grep -qE '^(try|nearest): ' "$err" || problem 'nothing to try'; }
example() { sh -c "$command"; }
to_nobody() {
  python3 -c 'import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
code = subprocess.call(sys.argv[1:], stdout=writer)
sys.exit(128 - code if code < 0 else code)' sh -c "exec $command"
}
without_home() { env -u HOME -u XDG_CONFIG_HOME -u XDG_DATA_HOME -u XDG_CACHE_HOME -u USER -u LOGNAME -u TERM sh -c "$command"; }
as_unknown() {
  chown -R 54321:54321 . && chmod 777 ..
  setpriv --reuid 54321 --regid 54321 --clear-groups env -u USER -u LOGNAME -u HOME PATH="$PATH" sh -c "$command"
}
in_git() { git init -q . && sh -c "$command"; }
# in_copy COMMAND…: run in a copy of the world; $code comes back from the subshell through a file.
in_copy() {
  in_a_copy keeping_code "$@"
  code=$(cat "$scratch/code")
}
keeping_code() {
  run "$@"
  echo "$code" >"$scratch/code"
}

words=0
while IFS=$'\t' read -r word command; do
  words=$((words + 1))
  # Alone, in an empty folder without a repository.
  cd "$empty"
  situation='no arguments, no repository'
  run store "$word"
  if [[ $word == init ]]; then ends 0 && rm -r .store; elif [[ $word =~ $everywhere && $word != completion ]]; then ends 0; else ends 2 10 && helps; fi
  situation='no repository'
  run example
  if [[ $word == init ]]; then ends 0 && rm -r .store; elif [[ $word =~ $everywhere ]]; then ends 0; else ends 2 4 10 && helps; fi
  is "$word: $(ls -A)" "$word: "
  situation='--help'
  run store "$word" --help
  ends 0
  grep -q "^usage: store $word" "$out" || [[ $word == help ]] || problem 'no usage'
  situation='a typo in an option'
  run store "$word" --hepl
  ends 2 && helps
  situation='a typo in the word'
  run store "${word}x"
  ends 2 && helps
  cd "$scratch/work"

  in_copy example
  situation='as it should be'
  ends 0 1 5  # verify finds differences
  in_order=$code prints=no
  if [[ -s $out ]]; then prints=yes; fi
  situation='no arguments'
  in_copy store "$word"
  ends 0 1 2 4 7
  situation='standard output closed'
  in_copy sh -c "$command >&-"
  if [[ $prints == yes ]]; then ends 14; else ends "$in_order"; fi
  situation='standard output full'
  in_copy sh -c "$command >/dev/full"
  if [[ $prints == yes ]]; then ends 9; else ends "$in_order"; fi
  situation='nobody reads'
  in_copy to_nobody
  if [[ $prints == yes ]]; then
    [[ $code == 141 ]] || problem 'expected 141'
    if grep -q '^error' "$err" && ((in_order == 0)); then problem 'not without a word'; fi
  else
    ends "$in_order"
  fi
  situation='no home'
  in_copy without_home
  ends "$in_order"
  if ((EUID == 0)); then
    situation='nobody that the system knows'
    in_copy as_unknown
    ends "$in_order"
  fi
  situation='in a git working tree'
  in_copy in_git
  ends "$in_order"
  situation='a directory that is gone'
  mkdir "$scratch/gone" && cd "$scratch/gone" && rmdir "$scratch/gone"
  run example
  if [[ $word =~ $everywhere ]]; then ends 0; else ends 4 && helps; fi
  cd "$scratch/work"
done < <(store help --json | jq -r '.result.words[] | .word as $word
  | [.examples[].command | select(startswith("store ")) | sub(" *(\\||>|\\|\\|).*$"; "") | select(contains("$(") | not)][0] // ("store " + $word + " HEAD")
  | [$word, .] | @tsv')
if [[ -e $scratch/problems ]]; then fail "$(cat "$scratch/problems")"; fi
is "$words" "$(store help --json | jq '.result.words | length')"
