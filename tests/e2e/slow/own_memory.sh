#!/usr/bin/env bash
# A million files saved, and saved again: nothing is read then. The memory of the process itself, without mapped files, stays under
# 64 MiB, also when packs are rewritten with the smallest budget; under 100 when a branch is stored again in other chunks.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

python3 -c 'import os
for d in range(1000):
    folder = "many/s%02d/d%03d" % (d % 20, d); os.makedirs(folder)
    for f in range(1000):
        with open("%s/file-%04d.txt" % (folder, f), "wb") as out: out.write(b"content %d of a file\n" % (d * 1000 + f) * (1 + f % 12))'
store init -q --bare r.git
own_memory 64 --json --repo r.git save many -b all -m 1
is "$(got .result.new_chunks)" 1000000
own_memory 64 --json --repo r.git save many -b all -m 2 --skip-if-unchanged
is "$(got '.result | [.committed, .cache_hits, .streamed_bytes, .mapped_bytes] | tojson')" '[false,1000000,0,0]'

store init -q --bare third.git
mkdir third && mv many/s0[0-5] third
store --repo third.git save -q third -b b -m 1 >"$out"
own_memory 64 --json --repo third.git --memory 16M repack
own_memory 100 --json --repo third.git --config core.inline_threshold=0 repack --rechunk b
is "$(got '.result.map | length')" 1
