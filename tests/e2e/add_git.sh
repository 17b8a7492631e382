#!/usr/bin/env bash
# add of random pathspecs in a working tree where files were changed, deleted, and exchanged for directories: the index is git's.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
command -v git >"$out" || skip 'git is missing'

cat >"$scratch/add.py" <<'END'
import json, os, random, shutil, subprocess, sys

dice = random.Random(20261121)
files = [f"{d}{n}" for d in ("", "a/", "a/b/", "a/b/c/", "d/", "d/e/") for n in ("x", "y.o", "ze")]
words = ["a", "a/b", "a/b/c", "d", "d/e", "*e", "*.o", "a/*", "*/b", ":(glob)a/*", ":(glob)**/e", ":(icase)A/B", "x", "a/x", "d/e/ze", "."]
store, store_tree, git_tree = os.environ["STORE"], "store", "git"


def run(*command, within, may_fail=False):
    done = subprocess.run(command, cwd=within, capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
        sys.exit(f"{command}: {done.returncode}\n{done.stderr}")
    return done


def write(path, text):
    for tree in (store_tree, git_tree):
        os.makedirs(os.path.dirname(f"{tree}/{path}") or tree, exist_ok=True)
        with open(f"{tree}/{path}", "w") as out:
            out.write(text)


def remove(path):
    for tree in (store_tree, git_tree):
        if os.path.isdir(f"{tree}/{path}"):
            shutil.rmtree(f"{tree}/{path}")
        elif os.path.lexists(f"{tree}/{path}"):
            os.remove(f"{tree}/{path}")


def change(step):
    path = dice.choice(files + ["a", "a/b", "a/b/c", "d", "d/e"] * 2)
    if not os.path.isdir(f"{git_tree}/{os.path.dirname(path)}"):
        return
    remove(path)
    if path in files and dice.random() < 0.4:
        write(path, f"{step} {path}\n")
    elif dice.random() < 0.25:
        write(path, f"{step} for a directory\n")


def status(tree, *command):
    lines = run(*command, "status", "--porcelain", "-uall", within=tree).stdout.splitlines()
    return [line for line in lines if not line.endswith("/")]


git = ("git", "-c", "user.name=a", "-c", "user.email=b", "-c", "core.quotePath=false")
added = refused = 0
for round in range(int(os.environ.get("E2E_ROUNDS", "80"))):
    for tree in (store_tree, git_tree):
        shutil.rmtree(tree, ignore_errors=True)
        os.mkdir(tree)
    run(store, "init", "-q", within=store_tree)
    run("git", "init", "-q", within=git_tree)
    for path in files:
        write(path, f"{round} {path}\n")
    run(store, "commit", "-q", "-A", "-m", "all", within=store_tree)
    run(*git, "add", "-A", within=git_tree)
    run(*git, "commit", "-q", "-m", "all", within=git_tree)
    for step in range(dice.randint(1, 4)):
        change(f"{round} {step}")
    specs = dice.sample(words, dice.randint(1, 2)) + [":!" + word for word in dice.sample(words[:-1], dice.randint(0, 2)) if word[0] != ":"]
    options = dice.choice([[], ["-A"], ["-u"]])
    theirs = run(*git, "add", *options, "--", *specs, within=git_tree, may_fail=True).returncode
    if theirs != 0:  # one of them matches nothing
        refused += 1
        continue
    added += 1
    run(store, "add", "-q", *options, "--", *specs, within=store_tree)
    ours, wanted = status(store_tree, store), status(git_tree, *git, "-c", "status.renames=false")
    if ours != wanted:
        sys.exit(f"round {round}: add {options} {specs}\nours {ours}\ngit  {wanted}")
    run(store, "commit", "-q", "--allow-empty", "-m", "more", within=store_tree)
    run(*git, "commit", "-q", "--allow-empty", "-m", "more", within=git_tree)
    tree = run(store, "--json", "ls", "-r", "HEAD", within=store_tree).stdout
    kept = run("git", "ls-files", within=git_tree).stdout.split()
    listed = [entry["path"] for entry in json.loads(tree)["result"]["entries"] if entry["type"] != "directory"]
    if sorted(listed) != sorted(kept):
        sys.exit(f"round {round}: add {options} {specs}\nours {sorted(listed)}\ngit  {sorted(kept)}")
    run(store, "fsck", "-q", within=store_tree)
print(f"{added} times the same index, {refused} refused by git")
if added < 20:
    sys.exit("too few")
END
python3 "$scratch/add.py"
