#!/usr/bin/env bash
# --perf: how long each stage took, and in ingest each step, and what they went through.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

mkdir in && cd in
noise 1 30000000 >large && echo small >small
for jobs in 1 2; do
  rm -rf .store && store init -q
  store --perf -j $jobs add -A >/dev/null 2>../said
  grep -Eqx 'perf: ingest +[0-9.]+ s  2 files, 30000006 bytes, [0-9]+ chunks, [0-9]+ new' ../said
  for step in plan read chunk hash assemble compress append; do
    grep -Eqx "perf:   $step +[0-9]+\.[0-9]{3} s of all threads" ../said
  done
  if grep -Eq '^perf:   hash +0\.000 ' ../said; then fail 'hashing 30 MB took no time'; fi
  grep -Eqx 'perf: user [0-9.]+ s, system [0-9.]+ s, peak memory [0-9]+ bytes' ../said
done
