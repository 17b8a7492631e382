#!/usr/bin/env bash
# Every command in windows of 20, 40 and 80 columns: what it prints for people is broken between words or shortened by the program,
# never by the terminal. The commands are the examples of `store help --json` and every page of help: a new word is here by itself.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/example_world.bash
. "$here/tests/e2e/support/example_world.bash"
export TERM=xterm STORE_PAGER=cat NO_COLOR=1 STORE_UI_PROGRESS=none STORE_CORE_FSYNC=false
window=$here/tests/e2e/support/in_window.py

make_example_world
mkdir -p results/of-a-rather-long-name/of-the-second-run
seq 60000 >results/of-a-rather-long-name/of-the-second-run/numbers-one-a-line.csv
ln -s results/of-a-rather-long-name/of-the-second-run link
store commit -qAm 'all of the numbers, one in each line, as they came' >"$out"
sed -i '30000s/.*/a word/' results/*/*/*.csv
store add -u >"$out"
echo more >>results/of-a-rather-long-name/of-the-second-run/numbers-one-a-line.csv

# Content, patches and what is in the form of another program is not ours to break, nor are the words of a message. In a window of 60
# columns or more long names are whole, so that they can be copied.
programs_form='^store (cat|diff$|diff --chunks|check-ignore|manifest|completion|export .* -o -|status --porcelain|help)'
commands() {
  store help --json | jq -r '.result.words[].examples[].command' | grep -vE "$programs_form"
  printf 'store %s\n' 'diff --stat' 'du --new' du 'ls -lr' 'branch -v' 'log --growth --oneline' 'log --graph' 'fsck --quick' \
    'status --ignored' 'commit -m x' nonsense 'add nothing-that-is-there' 'undo 99'
}
at_least "$(commands | wc -l)" 50
commands | UNBROKEN='^[| ]*    all of the numbers|^environment STORE_' python3 "$window" --check 20 40 >"$scratch/wrapped" || fail "$(cat "$scratch/wrapped")"
commands | UNBROKEN='of-a-rather-long-name|all of the numbers' python3 "$window" --check 80 >"$scratch/wrapped" || fail "$(cat "$scratch/wrapped")"
mkdir "$scratch/empty" && cd "$scratch/empty"
{ store help --json | jq -r '.result.words[].word | "store help " + .'; echo 'store help'; echo store; } |
  python3 "$window" --check 20 40 80 >"$scratch/wrapped" || fail "$(cat "$scratch/wrapped")"
cd "$scratch/work"

# Into a pipe goes all of it, whatever the window.
store diff --stat >"$scratch/off"
contains "$scratch/off" of-a-rather-long-name

# What is left out is the least asked for.
shown_at() { python3 "$window" "$@"; }
shown_at 40 'store du --new' | grep -qE '^ +[0-9.]+ KiB +0 B +photos/$'
shown_at 40 'store diff --stat' | grep -qE '^M  ….*numbers-one-a-line\.csv$'
shown_at 20 'store status' | grep -qE '^    ….*line\.csv$'
shown_at 20 'store log -n 1' | grep -qE '^commit [0-9a-f]{13}$'
is "$(store help save | awk '{ if (length > most) most = length } END { print most }')" 80
