#!/usr/bin/env bash
# 300,000 staged paths removed, put back, given another name: the memory of the process itself, without mapped files, stays
# under 50 MiB.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

# Nothing is on disk: they come from an archive.
python3 -c 'import sys
def member(name, content):
    h = bytearray(512)
    for at, text in ((0, name), (100, "0000644"), (108, "0000000"), (116, "0000000"), (124, "%011o" % len(content)),
                     (136, "14000000000"), (148, " " * 8), (156, "0"), (257, "ustar"), (263, "00")):
        h[at:at + len(text)] = text.encode()
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h) + content.ljust(512, b"\0")
for d in range(300):
    sys.stdout.buffer.write(b"".join(member("d/%04d/file-%06d" % (d, f), b"%d" % (f % 100)) for f in range(1000)))
sys.stdout.buffer.write(bytes(1024))' >"$scratch/tar"
store init -q
store add -q --tar - <"$scratch/tar" && rm "$scratch/tar"
store commit -q -m 1 >"$out"
own_memory 50 rm -r -q --cached d
is "$(store status --porcelain | grep -c '^D ')" 300000
own_memory 50 restore --staged -q .
is "$(store diff --staged --name-only | wc -l)" 0
mkdir d
own_memory 50 mv d e
# So many are not compared for renames.
is "$(json ".result.changes | length" diff --staged)" 600000
