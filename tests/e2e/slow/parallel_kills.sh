#!/usr/bin/env bash
# Adders, savers, committers, checkouts, switches, merges and fsck side by side in processes of their own, killed at random: afterwards
# fsck --data finds nothing, every commit whose id was printed is complete, and nobody has to remove a lock. A wait for a lock ends in
# time and names the holder. STORE_KILL_SECONDS: how long (25).
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

store init -q
mkdir "$scratch/ids" "$scratch/source"
echo 0 >start && noise 1 300000 >large && store commit -q -A -m 0 >"$scratch/ids/0"
for b in one two; do store branch "$b"; done
end=$((SECONDS + ${STORE_KILL_SECONDS:-25}))

# run NAME WORD…: an id that is printed counts; any end but one by a bug is fine. A third is killed within 60 ms.
run() {
  local who=$1 status=0 command=(store)
  shift
  if ((RANDOM % 3 == 0)); then printf -v command '0.%03d' "$((RANDOM % 60))" && command=(timeout -s KILL "$command" store); fi
  "${command[@]}" --lock-timeout 5 "$@" >>"$scratch/ids/$who" 2>"$scratch/err.$who" || status=$?
  if ((status == 137)); then echo "$who" >>"$scratch/killed"; fi
  ((status < 70 || status == 137)) || { echo "store $*: $status: $(cat "$scratch/err.$who")" >>"$scratch/bad"; }
  if ((status == 11)) && ! grep -q 'pid\|session\|store' "$scratch/err.$who"; then echo "unnamed: $(cat "$scratch/err.$who")" >>"$scratch/bad"; fi
}
adder() {
  local i=0
  while ((SECONDS < end)); do
    i=$((i + 1))
    echo "$1 $i" >"a$1-$((i % 40))" && noise "$i" $((RANDOM * 10)) >"b$1-$((i % 7))"
    run "quiet$1" add -q "a$1-$((i % 40))" "b$1-$((i % 7))"
    run "$1" commit -q -m "$1 $i"
  done
}
saver() {
  local i=0
  while ((SECONDS < end)); do
    i=$((i + 1))
    noise "s$i" $((RANDOM * 5)) >"$scratch/source/f$((i % 5))"
    run saver save -q "$scratch/source" -b nightly -m "$i"
  done
}
switcher() { while ((SECONDS < end)); do for b in one two main; do run quiet_switch switch -q --force "$b"; run quiet_switch merge -q nightly; run quiet_switch merge -q --abort; done; done; }
reader() { while ((SECONDS < end)); do run quiet_read fsck -q; run quiet_read status; run quiet_read log -n 3; rm -rf "$scratch/o"; run quiet_read checkout -q main --out "$scratch/o"; done; }
workers=()
for work in 'adder 1' 'adder 2' saver switcher reader; do
  read -ra words <<<"$work"
  "${words[@]}" 2>/dev/null &  # bash tells of each kill
  workers+=($!)
done
for worker in "${workers[@]}"; do wait "$worker" || true; done 2>/dev/null
[[ ! -e $scratch/bad ]] || fail "$(head -c 1500 "$scratch/bad")"

# The next commands just work.
expect_exit 0 store switch -q --force main
echo after >after && store add -q after && store commit -q -m after >>"$scratch/ids/0"
is "$(json '.result.problems | map("\(.kind): \(.message)") | tojson' fsck --data)" '[]'
store --json log --all | jq -r '.result.commits[].id' | sort >"$scratch/all"
grep -hxE '[0-9a-f]{64}' "$scratch/ids/"[0-9s]* | sort -u >"$scratch/acknowledged"
is "$(comm -23 "$scratch/acknowledged" "$scratch/all")" ''
while read -r id; do store export -q "$id" -o - >/dev/null; done <"$scratch/acknowledged"
echo "$(wc -l <"$scratch/acknowledged") acknowledged commits, $(wc -l <"$scratch/killed") kills"
(($(wc -l <"$scratch/acknowledged") > 5)) || fail 'hardly anything was committed'
