#!/usr/bin/env bash
# --progress json: first and last state of each stage, counters that never decrease or exceed their totals.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir d && for i in {1..300}; do echo "$i" >"d/$i"; done && noise 1 5000000 >big
events() { grep -a '^{"event":"progress"' "$err" | jq -s "$1"; }
check() {
  is "$(events 'map(.stage) | unique - ["scan","ingest","commit","fetch","write","verify"] | length')" 0
  is "$(events 'group_by(.stage) | map(length >= 2 and (map(select(.done)) | length) == 1) | all')" true
  is "$(events 'map(select(.done) | .files_done == .files_total and .bytes_done == .bytes_total) | all')" true
  is "$(events 'group_by(.stage) | map([.[].bytes_done] == ([.[].bytes_done] | sort)) | all')" true
  is "$(events 'map(.overall) == (map(.overall) | sort) and .[-1].overall == 1')" true
  is "$(events 'map(.files_total == null or .files_done <= .files_total) | all')" true
  is "$(events '.[0] | keys | tojson' | jq -r .)" \
    '["bytes_done","bytes_per_second","bytes_total","chunks_done","done","elapsed_seconds","eta_seconds","event","files_done","files_total","new_chunks","overall","stage"]'
}
expect_exit 0 store --progress json add -A
check
is "$(events 'map(select(.stage == "ingest" and .done)) | .[0] | [.files_done, .bytes_done >= 5000000] | tojson' | jq -r .)" '[301,true]'
expect_exit 0 store --progress json commit -m 1
expect_exit 0 store --progress json checkout HEAD --out "$scratch/o"
check
expect_exit 0 store --progress json fsck
check
for word in 'manifest' "find --content $scratch/work/big" 'find --content d/7' 'verify --worktree' 'export -o x.tar'; do
  # shellcheck disable=SC2086
  expect_exit 0 store --progress json $word
  check
  is "$(events 'map(select(.done)) | .[-1].files_done')" "$([[ $word == export* ]] && echo 0 || echo 301)"
done
# A second look at what is remembered reads nothing.
expect_exit 0 store --progress json manifest
is "$(events '.[-1].bytes_done')" 0
expect_exit 0 store -q add -A
is "$(cat "$err")" ''

# What comes of a slow stream is counted when it comes.
mkfifo slow_gate
timeout 60 "$STORE" --progress plain --progress-interval 100ms add --stdin --name slow <slow_gate >"$out" 2>"$err" &
exec 3>slow_gate
echo 1234567 >&3
until grep -q ' 8 B' "$err"; do
  kill -0 $! || break
  sleep 0.1
done
exec 3>&-
wait $!
contains "$err" 'ingest: 0 files, 8 B'
