#!/usr/bin/env bash
# kill -9 at random moments of an add, of many files and of one large file: the next command just works, goes on where the add was,
# and stores what remained and no more than 16 MiB besides. E2E_KILLS of each (10).
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

kills=${E2E_KILLS:-10}
RANDOM=1

# packed: bytes of all packs, sealed or not.
packed() { find .store \( -name '*.pack' -o -name pack.tmp \) -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }'; }

# kill_often FOLDER: adds it again and again in repositories of its own, each killed once.
kill_often() {
  cd "$1"
  store init -q
  local start whole length wait i pid before after=0 early=0
  start=$(date +%s%N)
  whole=$(json .result.stored_bytes add -A)
  length=$((($(date +%s%N) - start) / 1000000))
  for ((i = 0; i < kills; i++)); do
    rm -rf .store
    store init -q
    store -q add -A 2>"$err" &
    pid=$!
    wait=$((RANDOM * length / 32768))  # milliseconds
    sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
    kill -9 $pid 2>"$err" || true
    wait $pid 2>"$err" || true
    before=$(packed)
    expect_exit 0 store status --porcelain
    at_most "$(json .result.stored_bytes add -A)" $((whole - before + (16 << 20)))
    if ((before > 0)); then early=$((early + 1)); fi
    after=$(packed)
    at_most "$after" $((whole + (16 << 20)))
    is "$(find .store/sessions -mindepth 1 | wc -l)" 0
    is "$(json '.result.problems | length' fsck --data)" 0
  done
  at_least "$early" $((kills / 3))  # killed while there was something to lose
  store commit -q -m 1 >"$out"
  is "$(find .store/sessions -mindepth 1 | wc -l)" 0
  store checkout -q HEAD --out "$scratch/o.${1##*/}"
  equal_trees . "$scratch/o.${1##*/}"
  echo "$1: $kills kills, $early of them with something stored, nothing stored twice"
}

mkdir -p "$scratch/many/d" "$scratch/one"
(cd "$scratch/many" && words 1 60000000 | split -b 30000 -a 3 - d/)
noise 2 300000000 >"$scratch/one/big"
kill_often "$scratch/many"
kill_often "$scratch/one"
