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
theirs() { git -c core.quotePath=false status --porcelain --ignored --untracked-files="$1" -- "${@:2}" | grep -vE '^!! \.(git|store)/' || true; }
ours() {
  local option=(-u"$1")
  store status --porcelain --ignored "${option[@]}" -- "${@:2}" | grep -vE '^!! \.git/' || true
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
    while IFS= read -r path; do
      diff <(theirs "$mode" "$path") <(ours "$mode" "$path") >"$scratch/difference" || fail "seed $seed, $mode, $path: $(cat "$scratch/difference")"
    done < <(find . -mindepth 2 -not -path './.git*' -not -path './.store*' | cut -c 3- | LC_ALL=C sort | awk -v n="$seed" 'NR % 8 == n % 8')
  done
  git add -A
  store add -q -A
  diff <(git ls-files) <(json '.result.staged[].path' status | LC_ALL=C sort) >"$scratch/difference" ||
    fail "seed $seed, add -A: $(cat "$scratch/difference")"
done
# The trees held something to tell apart.
for form in '!! .*/$' '!! .*[^/]$' '?? .*/$' '?? .*[^/]$'; do at_least "$(grep -c -- "^$form" "$scratch/all")" 25; done

# Each type in the place of each other one, ignored or not: what is there is untracked, what was tracked is gone, and what stages
# only what is tracked, or leaves out what is ignored, never stages what came in its place.
make() {  # make PATH KIND CONTENT
  case $2 in
    file) echo "$3" >"$1" ;;
    link) ln -s "$3" "$1" ;;
    dir) mkdir "$1" && echo "$3" >"$1/s" && echo "$3" >"$1/t.o" ;;
    deep) mkdir -p "$1/s" "$1/w" && echo "$3" >"$1/s/u" && echo "$3" >"$1/s/v.o" && echo "$3" >"$1/w/q.o" ;;
  esac
}
each() { local a b; for a in file link dir deep; do for b in file link dir deep; do [[ $a == "$b" ]] || "$@" "$a" "$b"; done; done; }
before() { make "$1-$2" "$1" 1; }
after() { rm -r "$1-$2" && make "$1-$2" "$2" 2; }
staged() { grep -v '^[?!]' || true; }
for rule in '' '*-*' '*-*/' '*.o' s '/*-*/*' $'/*-*/*\n!s'; do
  rm -rf "$scratch/tree" && mkdir "$scratch/tree" && cd "$scratch/tree"
  git init -q .
  store init -q 2>/dev/null
  echo /.git/ >>.store/info/exclude
  each before
  git add -A
  store add -q -A
  git commit -qm x && store commit -q -m x >"$out"
  each after
  tee .gitignore <<<"$rule" >.storeignore
  for mode in normal all; do
    diff <(theirs "$mode") <(ours "$mode") >"$scratch/difference" || fail "rule '$rule', $mode: $(cat "$scratch/difference")"
  done
  for option in -u -A; do
    cp -a .git "$scratch/git.before" && cp -a .store "$scratch/store.before"
    git add "$option"
    store add -q "$option"
    diff <(theirs normal | staged) <(ours normal | staged) >"$scratch/difference" || fail "rule '$rule', add $option: $(cat "$scratch/difference")"
    rm -rf .git .store && mv "$scratch/git.before" .git && mv "$scratch/store.before" .store
  done
  for path in *-*; do
    theirs=0 ours=0
    git add "$path" 2>/dev/null || theirs=$?
    store add -q "$path" 2>"$err" || ours=$?
    # Directories are tracked by themselves here, and git says nothing about an ignored one in the place of a file.
    if [[ $path == *-dir || $path == *-deep ]]; then at_most "$ours" 1; else is "$ours" "$theirs"; fi
  done
  diff <(theirs normal | staged) <(ours normal | staged) >"$scratch/difference" || fail "rule '$rule', add PATH: $(cat "$scratch/difference")"
done
