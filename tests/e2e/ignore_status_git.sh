#!/usr/bin/env bash
# Random trees with rules, some of it tracked: status names the same as git's, ignored directories and all, and add -A takes what git
# takes.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
command -v git >/dev/null || skip "no git"

cat >"$scratch/generate.py" <<'PYTHON'
import os, random, sys
r = random.Random(int(sys.argv[1]))
name = lambda: r.choice("a b c aa ab d.o e.o x y".split())
def rules(directory):
    line = lambda: r.choice(["", "", "!"]) + r.choice(["*.o", "a", "b/", "/c", "a*", "**/x", "x/y", "x/*", "y/", "*", "d.o"])
    text = "".join(line() + "\n" for _ in range(r.randint(1, 3)))
    for n in (".gitignore", ".storeignore"):
        with open(os.path.join(directory, n), "w") as f: f.write(text)
directories = ["."]
for _ in range(14):
    d = r.choice(directories) + "/" + name()
    if os.path.exists(d) and not os.path.isdir(d): continue
    os.makedirs(d, exist_ok=True)
    directories.append(d)
for d in directories:
    if r.random() < 0.25: rules(d)
    for _ in range(r.randint(1, 3)):
        f = d + "/" + name()
        if not os.path.isdir(f): open(f, "w").write(f)
for d in reversed(directories):  # git does not know empty directories
    if not os.listdir(d): open(d + "/f", "w").write(d)
files = sorted(os.path.join(t, f)[2:] for t, _, fs in os.walk(".") for f in fs if not t.startswith(("./.git", "./.store")))
for f in files:
    if r.random() < 0.2: print(f)
PYTHON

# What the two programs keep for themselves is not compared.
theirs() { git -c core.quotePath=false status --porcelain --ignored --untracked-files="$1" | grep -vE '^!! \.(git|store)/' || true; }
ours() {
  local option=(-u"$1")
  store status --porcelain --ignored "${option[@]}" | grep -vE '^!! \.git/' || true
}

for seed in $(seq 1 25); do
  rm -rf "$scratch/tree" && mkdir "$scratch/tree" && cd "$scratch/tree"
  git init -q .
  store init -q 2>/dev/null
  echo /.git/ >>.store/info/exclude
  python3 "$scratch/generate.py" "$seed" >"$scratch/tracked"
  git add -f --pathspec-from-file="$scratch/tracked" 2>/dev/null || true
  store add -q -f --files-from "$scratch/tracked"
  for mode in normal all; do
    theirs "$mode" >>"$scratch/all"
    diff <(theirs "$mode") <(ours "$mode") >"$scratch/difference" || fail "seed $seed, $mode: $(cat "$scratch/difference")"
    diff <(theirs "$mode" | grep -v '^!!') <(store status --porcelain -u"$mode") >"$scratch/difference" ||
      fail "seed $seed, $mode without ignored: $(cat "$scratch/difference")"
  done
  git add -A
  store add -q -A
  diff <(git ls-files) <(json '.result.staged[].path' status | LC_ALL=C sort) >"$scratch/difference" ||
    fail "seed $seed, add -A: $(cat "$scratch/difference")"
done
# The trees held something to tell apart.
for form in '!! .*/$' '!! .*[^/]$' '?? .*/$' '?? .*[^/]$'; do at_least "$(grep -c -- "^$form" "$scratch/all")" 25; done
