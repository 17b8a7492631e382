#!/usr/bin/env bash
# Any number of jobs gives the same commit id and the same packs.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

mkdir -p src/d/e && cd src
words 1 3000000 | split -b 7500 -a 3 - d/
noise 1 9000000 >big && words 2 12000000 >d/e/text && cp big d/copy && truncate -s 3M d/holes && ln -s big l
cd ..
for jobs in 1 2 8; do
  cp -a src "j$jobs" && store init -q "j$jobs"
  (cd "j$jobs" && store -q -j $jobs add -A && SOURCE_DATE_EPOCH=1 store -j $jobs commit -q -m same --author 'A <a@b>') >"id$jobs"
  (cd "j$jobs" && packs) >"packs$jobs"
done
cmp id1 id2
cmp id1 id8
cmp packs1 packs2
cmp packs1 packs8
at_least "$(wc -l <packs1)" 1

# A small memory budget and small buffers change nothing either.
cp -a src small && store init -q small
(cd small && store -q --memory 16M --config performance.buffer_size=64K add -A && SOURCE_DATE_EPOCH=1 store commit -q -m same --author 'A <a@b>') >id_small
cmp id1 id_small
(cd small && packs) | cmp - packs1
expect_exit 2 store -C small --memory 15M status
