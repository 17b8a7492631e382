#!/usr/bin/env bash
# Files of every size around each border, read by mmap or by read: one commit id, and every byte comes back.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

mkdir src && cd src
python3 - <<'END'
import random
r = random.Random(7)
inline, low, high = 65536, 40960, 131072
sizes = {0, 1, 63, 64, 65, 4095, 4096, 4097}
for border in (inline, low, high, 2 * high, 3 * high, inline + high, low + high):
    sizes |= {border - 1, border, border + 1}
sizes |= {r.randrange(3 * high) for _ in range(20)}
for size in sorted(sizes):
    for kind, data in (("noise", r.randbytes(size)), ("text", (b"all work and no play " * (size // 21 + 1))[:size]), ("zero", bytes(size))):
        open(f"{kind}-{size}", "wb").write(data)
END
cd .. && total=$(cat src/* | wc -c)
# commit_with THRESHOLD: prints mapped, streamed and id.
commit_with() {
  local r=r$1
  mkdir "$r" && cp -a src/. "$r" && store init -q "$r" && cd "$r"
  json '.result | "\(.mapped_bytes) \(.streamed_bytes)"' --config "performance.memory_map_threshold=$1" add -A
  SOURCE_DATE_EPOCH=1 store commit -q -m x --author 'A <a@b>'
  cd ..
}
commit_with 0 >map && commit_with never >stream && commit_with 100K >mixed
is "$(head -n 1 map)" "$total 0"
is "$(head -n 1 stream)" "0 $total"
is "$(head -n 1 mixed | awk '{ print ($1 > 0 && $2 > 0 && $1 + $2 == '"$total"') }')" 1
is "$(tail -n 1 map)" "$(tail -n 1 stream)"
is "$(tail -n 1 map)" "$(tail -n 1 mixed)"
store -C r0 checkout -q HEAD --out "$scratch/o"
equal_trees src "$scratch/o"
is "$(json '.result.problems | length' -C r0 fsck)" 0
