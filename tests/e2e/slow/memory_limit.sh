#!/usr/bin/env bash
# The budget, 64 MiB for everything in flight, under a hard limit: a file of E2E_GIB GiB (1), through a pipe and from disk, and
# E2E_FILES small files (40,000) in many directories and in one, each staged, committed, checked, exported and checked out. The large
# file takes at most 16 MiB more than 100 MiB do: the table of the open pack, and more blocks that happen to be on their way at once, which
# depends on what else the machine does. With 16 jobs the budget is the same.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

gib=${E2E_GIB:-1} files=${E2E_FILES:-40000}
# The large file and its repository, or the small files and theirs: 5 KiB each where the disk is memory.
if (($(df --output=avail -m . | tail -n 1) < gib * 1500 + files / 200)); then skip 'needs more disk'; fi

# Not in flight, but counted: 3 MiB of the program and its libraries when main() begins (2 of them oneTBB's), the stack of the thread
# that shows progress (8 MiB, by ulimit) and 4 MiB for each thread of oneTBB but the first. Measured: status of an empty repository,
# which needs no such thread, does with 11 MiB. A full pack of small files (262,144) has 16 MiB of room set aside that nobody touches.
ulimit -S -s 8192
with_jobs() { memory_limit $((64 + 3 + 8 + 4 * ($1 - 1) + (files > 200000 ? 16 : 0))) --jobs "$1"; }
with_jobs 2

# content MIB: no chunk twice; a quarter is incompressible, the rest one bit a byte.
content() { python3 -c 'import itertools, random, sys
r = random.Random(7); blocks = [r.getrandbits(8 << 20) for _ in range(160)]; bits = int.from_bytes(b"\1" * (1 << 20), "big")
for i, (a, b) in zip(range(int(sys.argv[1])), itertools.combinations(blocks, 2)):
    sys.stdout.buffer.write(((a ^ b) & (bits if i & 24 else -1)).to_bytes(1 << 20, "big"))' "$1"; }

# names DIRECTORIES FILES: so many small files in so many directories.
names() { python3 -c 'import os, sys
directories, files = map(int, sys.argv[1:])
for d in range(directories):
    folder = "in/%02d/%03d" % (d % 20, d); os.makedirs(folder)
    for f in range(files // directories):
        with open("%s/file-%07d" % (folder, f), "wb") as out: out.write(b"content %d of %d\n" % (f, d) * (1 + f % 12))' "$1" "$2"; }

# measured CASE WORD…
declare -A peak
measured() {
  own_peak --json "${@:2}"
  peak[$1 $2]=$own_kib
}

# in_and_out CASE FILES: what lies in the folder in.
in_and_out() {
  store init -q
  measured "$1" add in
  is "$(got .result.files)" "$2"
  measured "$1" status
  is "$(got '.result.staged | length')" "$2"
  measured "$1" commit -m 1
  measured "$1" fsck --data
  is "$(got '.result.problems | length')" 0
  measured "$1" export -o /dev/null HEAD
  rm -r in
  measured "$1" checkout HEAD --out in
  is "$(find in -type f | wc -l)" "$2"
  rm -r in .store
}

# large_file CASE MIB: half of it comes through a pipe, too.
large_file() {
  mkdir in
  content "$2" >in/big
  store init -q --bare piped.git
  measured "$1" save --stdin --name big -b all -m 1 --repo piped.git < <(head -c $(($2 << 19)) in/big)
  is "$(got .result.bytes)" $(($2 << 19))
  rm -r piped.git
  in_and_out "$1" 1
}

large_file small 100
large_file large $((gib << 10))
for word in save add status commit fsck export checkout; do
  echo "$word: ${peak[small $word]} KiB at 100 MiB, ${peak[large $word]} KiB at $gib GiB"
  at_most "${peak[large $word]}" $((${peak[small $word]} + 16384))
  at_most "${peak[large $word]}" 65536
done

with_jobs 16
large_file jobs 300
names 100 40000
in_and_out jobs_many 40000
at_most "${peak[jobs save]}" 65536
for word in add fsck export checkout; do
  at_most "${peak[jobs $word]}" 65536
  at_most "${peak[jobs_many $word]}" 65536
done
with_jobs 2

names 1000 "$files"
in_and_out many "$files"
names 1 "$files"
in_and_out one "$files"
for word in add fsck export checkout; do
  at_most "${peak[many $word]}" 65536
  at_most "${peak[one $word]}" 65536
done
