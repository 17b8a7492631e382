#!/usr/bin/env bash
# 2 GiB through a pipe, in and out, and a million members of an archive: memory does not grow with them.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

limit=100000000
store init -q
big() { python3 -c 'import random, sys
r = random.Random(5); block = [r.randbytes(1 << 20) for _ in range(64)]
for i in range(2048): sys.stdout.buffer.write(block[i % 64][i % 251:] + b"x" * (i % 251))'; }
big | store --json add --stdin --name big >"$out"
is "$(got .result.bytes)" $((2048 << 20))
at_most "$(got .result.peak_memory_bytes)" $limit
big | store --repo . --json save --stdin --name big -b saved -m 1 >"$out"
is "$(got .result.new_chunks)" 0
at_most "$(got .result.peak_memory_bytes)" $limit
store commit -q -m 1 >"$out"
is "$(store cat HEAD:big | sha256sum)" "$(big | sha256sum)"

# In an order that is none, so that everything has to be sorted.
python3 -c 'import io, sys, tarfile
tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.USTAR_FORMAT)
for i in range(1000000):
    info = tarfile.TarInfo("d%03d/f%06d" % (i * 7919 % 1000, i * 104729 % 1000003)); content = b"%d" % (i % 5000)
    info.size = len(content); tar.addfile(info, io.BytesIO(content))' >many.tar
store --json save --tar many.tar -b many -m 1 >"$out"
is "$(got '.result | [.files, .directories] | tojson')" '[1000000,1000]'
at_most "$(got .result.peak_memory_bytes)" $limit
store export many -o - | store --json save --tar - -b many -m 2 --skip-if-unchanged >"$out"
is "$(got .result.committed)" false
at_most "$(got .result.peak_memory_bytes)" $limit
