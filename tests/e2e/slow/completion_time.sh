#!/usr/bin/env bash
# Completion answers within 50 ms on a repository of 100,000 files: time of the processor, the middle of eleven runs, so that a busy
# machine is not to blame.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

grep -q "STORE_SANITIZE:STRING=$" "$(dirname "$(realpath "$STORE")")/../CMakeCache.txt" || skip 'a sanitizer build'
store init -q
python3 -c 'import os
for i in range(100000):
    folder = "d%02d/e%d" % (i // 1000, i // 100 % 10)
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/f%05d" % i, "w") as file:
        file.write(str(i))'
store add -q .
store commit -q -m all >"$out"

# milliseconds WORD…: what completing the last word takes.
milliseconds() {
  python3 -c 'import resource, subprocess, sys
def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
times = []
for i in range(11):
    before = used()
    subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
    times.append(used() - before)
print(round(sorted(times)[5] * 1000))' store __complete "$@"
}
for words in 'add d' 'add d01/e0/f' 'restore d01/' 'cat :d01/e9/f' 'cat HEAD:d01/' 'log HEAD..' 'switch m' 'status d9'; do
  read -ra split <<<"$words"
  took=$(milliseconds "${split[@]}")
  echo "store $words: $took ms"
  at_most "$took" 50
done
