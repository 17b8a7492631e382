#!/usr/bin/env bash
# Every answer with --json is as docs/schemas says, errors too; every word has a schema, and every schema a word.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/example_world.bash
. "${script%/*}/support/example_world.bash"
schemas=${script%/tests/*}/docs/schemas
/usr/bin/python3 -c 'import jsonschema' 2>"$err" || skip 'python3-jsonschema is missing (tools/packages.sh)'

words=$(store help --json | jq -r '.result.words[].word | select(. != "cat" and . != "completion")' | sort)
is "$(cd "$schemas" && printf '%s\n' *.json | sed '/^common\.json$/d; s/\.json$//' | sort)" "$words"

make_example_world
printf 'x' >$'odd\xff'
ln -s notes.txt link
store add -q -A
answers=$scratch/answers
ask() { store --json "$@" 2>"$err" </dev/null >>"$answers" || true; }
change() { echo two >>notes.txt; rm data/jan.csv; mv photos/a.raw photos/b.raw; }
ask_changed() { change; ask "$@"; }
run_example() {
  change
  bash -c "store() { '$scratch/bin/store' --json \"\$@\"; }; $1" >>"$answers" 2>"$err" </dev/null || true
}

# The examples, each in a world of its own, and words that look at a tree where something of everything changed.
while IFS= read -r command; do
  # shellcheck disable=SC2016  # the text of an example
  case $command in
    *'|'* | *'$('* | *' -o -'* | *tar* | 'store cat'* | 'store completion'*) ;;
    *) in_a_copy run_example "$command" ;;
  esac
done < <(store help --json | jq -r '.result.words[].examples[].command')
for arguments in 'status' 'status --ignored' 'diff' 'diff --staged' 'diff --chunks v1' 'verify --worktree' 'ls -l -r' 'ls :' 'log --all' \
  'stats' 'du' 'find *' 'manifest' 'inspect HEAD' 'show :notes.txt' 'commit -A -m x' 'commit -a -m x' 'add -A' 'rm -r .' 'rm -rf .' \
  'switch topic' 'switch --force topic' 'restore .' 'undo 99' 'checkout v1 --force' 'export -o -' 'fsck --data' 'layers'; do
  read -ra split <<<"$arguments"
  in_a_copy ask_changed "${split[@]}"
done

in_a_copy ask export v1 -o ../v1.tar
ask_committed() { store -q commit -A -m all >"$out" && ask "$@"; }
in_a_copy ask_committed verify --worktree

# What goes wrong, in every word: no such revision, path, option; no repository.
while read -r word; do
  ask "$word" --nonsense
  ask "$word" no-such-thing
  [[ $word == init ]] || (cd "$HOME" && ask "$word")
done <<<"$words"

/usr/bin/python3 "${script%/*}/support/validate.py" "$schemas" <"$answers" >"$out" 2>"$err" || fail "$(cat "$out")"
at_least "$(grep -c . "$answers")" 150
is "$(jq -r .command "$answers" | sort -u)" "$words"
# Of each word an answer, and an error.
is "$(jq -r 'select(.ok and (.result | length >= 0)).command' "$answers" | sort -u)" "$words"
is "$(jq -r 'select(.error.code == 2).command' "$answers" | sort -u)" "$words"
# Words that have no --json say so in it.
for word in cat completion; do
  expect_exit 2 store --json "$word" x
  is "$(got '[.ok, .command, .error.code, .error.kind, (.warnings | type)] | tojson')" "[false,\"$word\",2,\"usage\",\"array\"]"
done
