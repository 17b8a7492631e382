#!/usr/bin/env bash
# merge against git merge: random changes on two branches, every file one line that git cannot combine either, so that the trees, or the
# conflicts with the state of the rest, must be the same. Left out is what docs/decisions/merge.md says is different: renames
# (off in git), files against directories, permissions against content of a path that conflicts, several bases.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
command -v git >"$out" || skip 'git is missing'

cat >"$scratch/driver.py" <<'PYTHON'
import os, random, shutil, subprocess, sys

rounds, seed = int(sys.argv[1]), int(sys.argv[2])
r = random.Random(seed)
NAMES = ["a", "b", "c", "d/a", "d/b", "e/f/g", "e/h", "odd name", 'q"uote', "-dash"]
GIT = ["git", "-c", "core.quotePath=false", "-c", "merge.renames=false", "-c", "merge.conflictStyle=merge"]


def run(command, folder, ok=(0,)):
    done = subprocess.run(command, cwd=folder, capture_output=True)
    if done.returncode not in ok:
        sys.exit(f"{command} in {folder}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def change(state):
    """A few changes of a tree: {name: (kind, content)}."""
    state = dict(state)
    for _ in range(r.randint(2, 8)):
        name = r.choice(NAMES)
        what = r.random()
        if what < 0.25:
            state.pop(name, None)
        elif what < 0.4 and name in state and state[name][0] != "link":
            state[name] = ("exec" if state[name][0] == "file" else "file", state[name][1])
        elif what < 0.5:
            state[name] = ("link", r.choice("xyz"))
        else:
            kind = state[name][0] if name in state and state[name][0] != "link" else "file"
            state[name] = (kind, r.choice("1234"))
    return state


def write(folder, state):
    for entry in os.listdir(folder):
        if entry in (".git", ".store", ".gitattributes"):
            continue
        path = os.path.join(folder, entry)
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
    for name, (kind, content) in state.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if kind == "link":
            os.symlink(content, path)
        else:
            with open(path, "w") as out:
                out.write(content + "\n")
            os.chmod(path, 0o755 if kind == "exec" else 0o644)


def mixed(states, name):
    """Whether two sides change a path's type or permissions and something else besides: git has its own answer."""
    base, ours, theirs = (state.get(name) for state in states)
    if None in (ours, theirs) or ours == theirs or base in (ours, theirs):
        return False
    return len({one[0] for one in (base, ours, theirs) if one}) > 1


def main():
    compared = conflicted = 0
    for number in range(rounds):
        base = change(change(change({})))
        ours, theirs = change(base), change(base)
        # Both trees have a file of their own, so that neither history is part of the other.
        ours["only-ours"], theirs["only-theirs"] = ("file", str(number)), ("file", str(number))
        if not base or any(mixed((base, ours, theirs), name) for name in NAMES):
            continue
        for folder in ("g", "s"):
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
        run(GIT + ["init", "-q", "-b", "main"], "g")
        run(["store", "init", "-q", "--permissions", "exec"], "s")
        # Not with conflict markers: a file that differs is ours.
        with open("g/.git/info/attributes", "w") as out:
            out.write("* -merge\n")
        for branch, state in (("main", base), ("theirs", theirs), ("main", ours)):
            if branch == "theirs":
                run(GIT + ["checkout", "-q", "-b", "theirs"], "g")
                run(["store", "switch", "-q", "-c", "theirs"], "s")
            elif state is ours:
                run(GIT + ["checkout", "-q", "-f", "main"], "g")
                run(["store", "switch", "-q", "main"], "s")
            for folder in ("g", "s"):
                write(folder, state)
            run(GIT + ["add", "-A"], "g")
            run(GIT + ["commit", "-q", "--allow-empty", "-m", "x"], "g")
            run(["store", "commit", "-q", "-A", "--allow-empty", "-m", "x"], "s")
        git = run(GIT + ["merge", "-q", "-m", "m", "theirs"], "g", (0, 1))
        mine = run(["store", "merge", "-q", "theirs"], "s", (0, 7))
        if (git.returncode == 0) != (mine.returncode == 0):
            sys.exit(f"seed {seed} round {number}: git {git.returncode}, store {mine.returncode}\n{base}\n{ours}\n{theirs}\n{git.stdout}{mine.stderr}")
        def lines(command, folder):
            text = run(command, folder).stdout.decode()
            return [line for line in text.splitlines() if not (line.startswith("??") and "~" in line)]
        expected = lines(GIT + ["status", "--porcelain=v1", "--find-renames=100%", "--untracked-files=all"], "g")
        found = lines(["store", "status", "--porcelain", "-uall"], "s")
        # git shows renames that are there by content only; both find the same ones.
        if expected != found:
            sys.exit(f"seed {seed} round {number}: status differs\n{base}\n{ours}\n{theirs}\n git {expected}\n store {found}")
        compared += 1
        conflicted += mine.returncode == 7
        def tree(folder):
            result = {}
            for at, folders, files in os.walk(folder):
                folders[:] = [name for name in folders if name not in (".git", ".store")]
                for name in files + [one for one in folders if os.path.islink(os.path.join(at, one))]:
                    path = os.path.join(at, name)
                    relative = os.path.relpath(path, folder)
                    if "~" in relative:
                        continue
                    link = os.path.islink(path)
                    result[relative] = ("->", os.readlink(path)) if link else (os.stat(path).st_mode & 0o777, open(path).read())
            return result
        if tree("g") != tree("s"):
            sys.exit(f"seed {seed} round {number}: files differ\n{base}\n{ours}\n{theirs}\n git {tree('g')}\n store {tree('s')}")
        if mine.returncode == 7:
            run(["store", "merge", "--abort", "-q"], "s")
            if run(["store", "status", "--porcelain"], "s").stdout:
                sys.exit(f"seed {seed} round {number}: not as before after --abort")
    print(compared, conflicted)


main()
PYTHON
read -r compared conflicted < <(/usr/bin/python3 "$scratch/driver.py" "${STORE_MERGE_ROUNDS:-50}" "${STORE_MERGE_SEED:-4}")
echo "$compared merges, $conflicted with conflicts"
at_least "$compared" 15
at_least "$conflicted" 5
at_least "$((compared - conflicted))" 1
