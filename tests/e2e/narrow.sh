#!/usr/bin/env bash
# Tables in a window of 40 and of 20 columns: none of their lines wraps, and off a terminal a window changes nothing.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/terminal.bash
. "$here/tests/e2e/support/terminal.bash"

store init -q
mkdir -p results/of-a-rather-long-name/of-the-second-run
seq 60000 >results/of-a-rather-long-name/of-the-second-run/numbers-one-a-line.csv
head -c 3000000 /dev/zero | tr '\0' x >x.raw
ln -s results/of-a-rather-long-name/of-the-second-run link
store commit -qAm 'all of the numbers, one in each line, as they came' >"$out"
sed -i '30000s/.*/a word/' results/*/*/*.csv
store commit -qam 'a word among them' >"$out"
store branch some-more-tests
echo more >>results/of-a-rather-long-name/of-the-second-run/numbers-one-a-line.csv

# in_window COLUMNS WORD…: what the command prints in a window, as lines of the screen, and with those that were wrapped joined.
windows=0
in_window() {
  local window=w$((++windows)) columns=$1
  shift
  terminal new-session -d -s "$window" -x "$columns" -y 60 \
    "env TERM=screen STORE_PAGER=cat NO_COLOR=1 store $*; echo END; exec cat"
  until terminal capture-pane -p -t "$window" | grep -qx END; do sleep 0.02; done
  terminal capture-pane -p -t "$window" | sed '/^END$/,$d' >"$scratch/lines"
  terminal capture-pane -p -J -t "$window" | sed '/^END *$/,$d' >"$scratch/joined"
}

words=(layers 'du --new' du 'ls -l' 'ls -lr' 'log --growth --oneline' 'branch -v' oplog 'diff --stat' 'diff --stat HEAD~1 HEAD'
  "find '*.csv'" stats)
for word in "${words[@]}"; do
  eval "store $word" >"$scratch/off"
  for columns in 40 20; do
    in_window "$columns" "$word"
    is "$word: $(wc -l <"$scratch/lines")" "$word: $(wc -l <"$scratch/joined")"
    at_least "$(wc -l <"$scratch/lines")" "$(wc -l <"$scratch/off")"
  done
done

in_window 40 du --new
grep -qE '^ +3\.[0-9] MiB +0 B +x\.raw$|^ +2\.9 MiB +0 B +x\.raw$' "$scratch/lines"
in_window 40 diff --stat
grep -qE '^M  ….*numbers-one-a-line\.csv$' "$scratch/lines"
