#!/usr/bin/env bash
# Files that grow, shrink, go, or become links, fifos and directories while they are added: each is stored as it was at one time or
# named (3); never a mixture, never a crash, and what holds still is added.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir still moving
for i in {1..300}; do echo "$i" >"still/$i"; done
# A version of a file is one letter, again and again: two of them in one file are a mixture.
python3 - <<'END' &
import itertools, os, random, shutil, time
random.seed(1)
end, parent = time.time() + 60, os.getppid()
names = [f"moving/{i:02}" for i in range(24)]

def clear(name):
    if os.path.isdir(name) and not os.path.islink(name):
        shutil.rmtree(name)
    elif os.path.lexists(name):
        os.unlink(name)

def write(name, letter, size):
    clear(name)
    with open(name, "wb") as file:
        file.write(letter * size)

for turn in itertools.count():
    if time.time() > end or os.getppid() != parent:
        break
    name, letter = random.choice(names), random.choice([b"a", b"b", b"c"])
    size = random.choice([0, 10, 5000, 300_000, 3_000_000])
    change = turn % 8
    if change == 0: clear(name); os.symlink("../still/1", name)
    elif change == 1: clear(name); os.mkfifo(name)
    elif change == 2: clear(name); os.mkdir(name)
    elif change == 3: clear(name)
    elif change == 4 and os.path.isfile(name) and not os.path.islink(name): os.truncate(name, os.path.getsize(name) // 2)
    elif change == 5 and os.path.isfile(name) and not os.path.islink(name):
        with open(name, "rb+") as file:
            first = file.read(1) or b"a"
            file.seek(0, 2)
            file.write(first * 100_000)
    else: write(name, letter, size)
END
moving=$!
named=0
for turn in {1..12}; do
  status=0
  store --json add -A --config performance.memory_map_threshold="$((turn % 2 * 100000))" >"$out" 2>"$err" || status=$?
  [[ $status == 0 || $status == 3 ]] || fail "exit $status"
  if ((status == 3)); then
    is "$(jq '.result.failed | length > 0 and all(.path | startswith("moving"))' "$out")" true
    named=$((named + 1))
  fi
  store --json commit -q -m "$turn" --allow-empty >"$scratch/commit"
  id=$(jq -r .result.id "$scratch/commit")
  rm -rf "$scratch/o" && store checkout -q "$id" --out "$scratch/o" 2>"$err"
  is "$(find "$scratch/o/still" -type f | wc -l)" 300
  while IFS= read -r -d '' file; do
    versions=$(tr -s 'abc\0' <"$file" | tr '\0' 0)  # a substitution drops zero bytes, which no version has
    [[ $versions =~ ^[abc]?$ ]] || fail "$file is a mixture of versions: ${versions:0:20}"
  done < <(find "$scratch/o/moving" -type f -print0)
done
kill $moving
wait $moving || true
echo "$named of 12 runs named a file"
expect_exit 0 store add -A
is "$(json '.result.problems | length' fsck --data)" 0
