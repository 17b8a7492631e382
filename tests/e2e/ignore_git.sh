#!/usr/bin/env bash
# 100,000 random paths against random rules: the same line of the same file decides as in git.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
command -v git >/dev/null || skip "no git"

git init -q .
store init -q 2>/dev/null
export XDG_CONFIG_HOME=$scratch/home/config
mkdir -p "$XDG_CONFIG_HOME/git" "$XDG_CONFIG_HOME/store"

# Rules and paths from one small alphabet, so that much matches; the same rules under both names.
cat >"$scratch/generate.py" <<'PYTHON'
import os, random, sys
r = random.Random(int(sys.argv[1]))
config = os.environ["XDG_CONFIG_HOME"]
NAMES = ["a", "b", "ab", "ba", "abc", "a b", "a ", " ", "!a", "#a", "a-b", "[a]", "a\\b", "*", "a*b", "?", "-", "]", ".a", "A", "1", "aab", "b]"]
PARTS = ["a", "b", "ab", "c", "*", "**", "?", "/", "/", "[ab]", "[!a]", "[^b]", "[a-c]", "[]a]", "[[:alpha:]]", "[[:digit:]]", "[a", "[b-a]", "[\\]a]",
         "[[:foo:]]", "[--a]", "\\a", "\\*", "\\", "\\\\", "\\ ", " ", "!", "#", "-", "]", ".", "a*", "*b", "[a-", "[[:alpha:]-z]", "[!]-]", "/**/", "**/", "/**", "\\/"]
name = lambda: r.choice(NAMES)
def pattern(whole_tree):
    kind = r.random()
    if whole_tree: p = r.choice(["abc", "a b", "?ab", "b[a]", "!a", "t1*/a", "a\\ b", "**/ba/a", "t*/b/**"])  # nothing that decides about everything
    elif kind < 0.3: p = name()
    elif kind < 0.5: p = "/".join(name() for _ in range(r.randint(1, 3)))
    else: p = "".join(r.choice(PARTS) for _ in range(r.randint(1, 6)))
    if r.random() < 0.2: p = "/" + p
    if r.random() < 0.25: p += "/"
    if r.random() < 0.25: p = "!" + p
    return p + r.choice(["", "", "", " ", "  ", "\\ ", "\t", "\r"])
def rules(whole_tree=False):
    lines = [pattern(whole_tree) for _ in range(r.randint(1, 6))]
    if r.random() < 0.2: lines.insert(0, r.choice(["", "# comment", "\\#a", "   "]))
    return (b"\xef\xbb\xbf" if r.random() < 0.1 else b"") + "\n".join(lines).encode() + (b"\n" if r.random() < 0.8 else b"")
def write(directory, data):
    for n in (".gitignore", ".storeignore"):
        with open(os.path.join(directory, n), "wb") as f: f.write(data)
for n, data in (("info/exclude", rules(True)), ("ignore", rules(True))):
    for tool in ("git", "store"):
        at = f"{config}/{tool}/ignore" if n == "ignore" else f".{tool}/info/exclude"
        os.makedirs(os.path.dirname(at), exist_ok=True)
        with open(at, "wb") as f: f.write(data)
write(".", rules(True))
paths = []
for top in range(250):
    t = f"t{top}"
    directories = [t]
    for _ in range(3):
        d = r.choice(directories) + "/" + name()
        os.makedirs(d, exist_ok=True)
        directories.append(d)
    for d in directories:
        if r.random() < 0.5: write(d, rules())
    for _ in range(100):
        p = r.choice(directories)
        for _ in range(r.randint(1, 3)): p += "/" + name()
        if r.random() < 0.15: p = r.choice(directories)
        paths.append(p + ("/" if r.random() < 0.1 else ""))
sys.stdout.buffer.write(b"\0".join(p.encode() for p in paths) + b"\0")
PYTHON

for seed in 1 2 3 4; do
  find . -mindepth 1 -maxdepth 1 -name 't*' -exec rm -rf {} +
  python3 "$scratch/generate.py" "$seed" >"$scratch/paths"
  at_least "$(tr -cd '\0' <"$scratch/paths" | wc -c)" 25000
  git check-ignore --no-index -v -z --stdin <"$scratch/paths" |
    sed -z 's,\(^\|/\)\.gitignore$,\1.storeignore,; s,^\.git/info/exclude$,.store/info/exclude,; s,/config/git/ignore$,/config/store/ignore,' |
    tr '\0' '\n' >"$scratch/git"
  # Much is decided, and by many lines of all kinds of files.
  paste -d ' ' - - - - <"$scratch/git" >"$scratch/decisions"
  at_least "$(wc -l <"$scratch/decisions")" 5000
  at_least "$(cut -d ' ' -f 1,2 "$scratch/decisions" | sort -u | wc -l)" 300
  cat "$scratch/decisions" >>"$scratch/all"
  store check-ignore --no-index -v -z --stdin <"$scratch/paths" | tr '\0' '\n' >"$scratch/store"
  cmp "$scratch/git" "$scratch/store" || fail "seed $seed: $(diff "$scratch/git" "$scratch/store" | head -20)"
done
for source in .store/info/exclude "$XDG_CONFIG_HOME/store/ignore" .storeignore; do
  grep -qF "$source " "$scratch/all" || fail "no line of $source decides anything"
done
