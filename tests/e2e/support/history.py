#!/usr/bin/env python3
"""Random histories of a working tree, checked after every step against a plain model, and optionally git on the same script.

history.py STORE FOLDER SEED STEPS [git]: makes FOLDER/work (and FOLDER/git), prints the failing step and exits 1 at the first
difference. With git only steps are taken that git can do: no change of directories alone, and each undo is taken back at once.

The model holds path -> entry for the working tree, the index and every commit; an entry is ("file", bytes, mode),
("symlink", target) or ("directory", mode)."""

import hashlib
import json
import os
import random
import shutil
import stat
import subprocess
import sys

NAMES = ["a", "b", "c", "d d", "é", "-x"]
FILE_MODES = [0o644, 0o755]


def below(path, top):
    return path == top or path.startswith(top + "/")


def parents(path):
    parts = path.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]


def without(tree, top):
    return {p: e for p, e in tree.items() if not below(p, top)}


def put(tree, path, entry, source={}):
    """Puts an entry in; what is in the way of it goes, directories above it come as the source has them."""
    for above in parents(path):
        if tree.get(above, ("",))[0] != "directory":
            tree[above] = source.get(above, ("directory", 0o755))
    if entry[0] != "directory":
        for inside in [p for p in tree if p.startswith(path + "/")]:
            del tree[inside]
    tree[path] = entry


def drop_emptied(tree, directories):
    for path in sorted(directories, key=len, reverse=True):
        if path in tree and tree[path][0] == "directory" and not any(p.startswith(path + "/") for p in tree):
            del tree[path]


class Failure(Exception):
    pass


class History:
    def __init__(self, program, folder, seed, with_git):
        self.random = random.Random(seed)
        self.program, self.with_git = program, with_git
        self.roots = [os.path.join(folder, "work")] + ([os.path.join(folder, "git")] if with_git else [])
        self.tree, self.index = {}, {}
        self.commits = {"main": {}}   # the tip's tree of each branch
        self.tips = {"main": None}    # and its number in `graph`
        self.graph = []               # the tree and the parents of each commit ever made
        self.branch, self.born, self.count = "main", False, 0
        self.log = []
        for root in self.roots:
            os.makedirs(root)
        self.store("init", "-q")
        if with_git:
            for words in (["init", "-qb", "main"], ["config", "core.quotePath", "false"], ["config", "gc.auto", "0"]):
                self.git(*words)

    def run(self, root, words, codes):
        done = subprocess.run(words, cwd=root, capture_output=True)
        if codes is not None and done.returncode not in codes:
            raise Failure(f"{words}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-600:]}")
        return done

    def store(self, *words, codes=(0,)):
        self.log.append("store " + " ".join(words))
        return self.run(self.roots[0], [self.program, *words], codes)

    def git(self, *words, codes=(0,)):
        if self.with_git:
            return self.run(self.roots[1], ["git", *words], codes)

    def ask(self, *words):
        return json.loads(self.run(self.roots[0], [self.program, "--json", *words], (0,)).stdout)["result"]

    # The tree on disk

    def change(self, path, entry):
        """Makes a path what the entry says, on disk and in the model; None removes it."""
        self.log.append(f"{path} <- {entry and (entry[0], *entry[-1:])}")
        for root in self.roots:
            full = os.path.join(root, path)
            is_directory = os.path.isdir(full) and not os.path.islink(full)
            if os.path.lexists(full) and (entry is None or entry[0] != "directory" or not is_directory):
                keep = entry and entry[0] == "file" and os.path.isfile(full) and not os.path.islink(full)
                if not keep:
                    shutil.rmtree(full) if is_directory else os.unlink(full)
            if entry is None:
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            if entry[0] == "file":
                with open(full, "wb") as file:
                    file.write(entry[1])
                os.chmod(full, entry[2])
            elif entry[0] == "symlink":
                os.symlink(entry[1], full)
            else:
                os.makedirs(full, exist_ok=True)
                os.chmod(full, entry[1])
        if entry is None:
            self.tree = without(self.tree, path)
        else:
            put(self.tree, path, entry)

    def read(self, root, hidden):
        found = {}
        for folder, directories, files in os.walk(root):
            if folder == root:
                directories.remove(hidden)
            for name in directories + files:
                full = os.path.join(folder, name)
                info, path = os.lstat(full), os.path.relpath(full, root)
                if stat.S_ISLNK(info.st_mode):
                    found[path] = ("symlink", os.readlink(full))
                elif stat.S_ISDIR(info.st_mode):
                    found[path] = ("directory", stat.S_IMODE(info.st_mode))
                else:
                    with open(full, "rb") as file:
                        found[path] = ("file", file.read(), stat.S_IMODE(info.st_mode))
        return found

    # Checks

    @staticmethod
    def compare(what, got, expected):
        wrong = sorted(p for p in got.keys() | expected.keys() if got.get(p) != expected.get(p))
        if wrong:
            brief = [f"{p}: {str(got.get(p))[:60]} instead of {str(expected.get(p))[:60]}" for p in wrong[:6]]
            raise Failure(f"{what}: " + "; ".join(brief))

    @staticmethod
    def digest(entry):
        if entry[0] == "directory":
            return ("directory", f"{entry[1]:04o}")
        content = entry[1] if entry[0] == "file" else entry[1].encode()
        return (entry[0], f"{entry[2]:04o}" if entry[0] == "file" else "0777", hashlib.sha256(content).hexdigest())

    def listed(self, revision):
        """Kind, mode and checksum of all paths; the files are small, so their ids are checksums."""
        return {e["path"]: (e["type"], e["mode"]) + ((e["id"],) if e["type"] != "directory" else ())
                for e in self.ask("ls", "-r", revision)["entries"]}

    def check(self):
        self.compare("working tree", self.read(self.roots[0], ".store"), self.tree)
        digests = {p: self.digest(e) for p, e in self.index.items()}
        if self.index or self.born:
            self.compare("index", self.listed(":"), digests)
        head = self.commits[self.branch]
        if self.born:
            self.compare("HEAD", self.listed("HEAD"), {p: self.digest(e) for p, e in head.items()})
        status = self.ask("status")
        if status["branch"] != self.branch:
            raise Failure(f"on branch {status['branch']} instead of {self.branch}")
        # What is in the place of a tracked directory is untracked.
        there = {p: e for p, e in self.tree.items() if self.index.get(p, ("directory",))[0] != "directory"}
        self.compare_status("unstaged", status["unstaged"], self.index, there)
        self.compare_status("staged", status["staged"], head, self.index)
        if self.with_git:
            self.check_git()

    def compare_status(self, kind, changes, before, after):
        """Directories that come or go are not listed beside what is in them."""
        def is_file(path):
            return any(tree.get(path, ("directory",))[0] != "directory" for tree in (before, after))
        expected = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p) and is_file(p)}
        listed = {e[key] for e in changes for key in ("path", "from") if e.get(key)}
        self.compare("status, " + kind, dict.fromkeys(filter(is_file, listed), True), dict.fromkeys(expected, True))

    def check_git(self):
        def files(tree):
            return {p: e[:1] + e[1:] for p, e in tree.items() if e[0] != "directory"}
        self.compare("git's working tree", files(self.read(self.roots[1], ".git")), files(self.tree))
        if not self.born:
            return
        ours = {}
        for path, entry in files(self.commits[self.branch]).items():
            content = entry[1] if entry[0] == "file" else entry[1].encode()
            mode = "120000" if entry[0] == "symlink" else "100755" if entry[2] & 0o100 else "100644"
            ours[path] = (mode, hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest())
        theirs = {}
        for line in self.git("ls-tree", "-rz", "HEAD").stdout.decode().split("\0")[:-1]:
            fields, path = line.split("\t", 1)
            theirs[path] = (fields.split()[0], fields.split()[2])
        self.compare("git's tree", theirs, ours)

    # Steps

    def some(self, paths):
        return self.random.choice(sorted(paths))

    def new_path(self):
        return "/".join(self.random.choice(NAMES) for _ in range(self.random.randint(1, 3)))

    def new_file(self):
        return ("file", self.random.randbytes(self.random.choice([0, 1, 20, 3000])), self.random.choice(FILE_MODES))

    def edit(self):
        for _ in range(self.random.randint(1, 3)):
            path = self.new_path()
            if self.tree and self.random.random() < 0.6:
                path = self.some(self.tree)
            # A file above it goes first: a directory comes in its place.
            for above in parents(path):
                if self.tree.get(above, ("directory",))[0] != "directory":
                    self.change(above, None)
            entry = self.tree.get(path)
            kind = self.random.random()
            if entry and kind < 0.2:
                self.change(path, None)
            elif entry and entry[0] == "file" and kind < 0.4:
                self.change(path, entry[:2] + (entry[2] ^ 0o111,))
            elif kind < 0.5:
                self.change(path, ("symlink", self.random.choice(["nowhere", "a", "../b"])))
            elif kind < 0.6 and not self.with_git:
                self.change(path, ("directory", self.random.choice([0o755, 0o750])))
            elif kind < 0.7 and entry and not self.with_git:
                target = self.new_path()
                if not below(target, path) and not below(path, target) and all(
                        self.tree.get(above, ("directory",))[0] == "directory" for above in parents(target)):
                    moved = {p: e for p, e in self.tree.items() if below(p, path)}
                    self.change(path, None)
                    self.change(target, None)
                    for old in sorted(moved):
                        self.change(target + old[len(path):], moved[old])
            else:
                self.change(path, self.new_file())

    def add(self):
        tops = {p.split("/")[0] for p in self.tree.keys() | self.index.keys()}
        if not tops or self.random.random() < 0.5:
            self.store("add", "-A")
            self.git("add", "-A")
            self.index = dict(self.tree)
            return
        top = self.some(tops)
        self.store("add", "--", ":(literal)" + top)
        self.git("add", "-A", "--", ":(literal)" + top, codes=None)
        self.index = {**without(self.index, top), **{p: e for p, e in self.tree.items() if below(p, top)}}

    def commit(self):
        self.count += 1
        changed = self.index != self.commits[self.branch]
        words = ["commit", "-qm", f"commit {self.count}"]
        self.store(*words, codes=(0,) if changed else (1,))
        # Directories alone are no change for git.
        if changed:
            self.git(*words, "--allow-empty")
            self.record(dict(self.index), [self.tips[self.branch]] if self.born else [])
        return changed

    def record(self, tree, parents):
        self.tips[self.branch] = len(self.graph)
        self.graph.append((tree, parents))
        self.commits[self.branch] = tree
        self.born = True

    def make_branch(self):
        if self.born and len(self.commits) < 6:
            self.count += 1
            name = f"b{self.count}"
            self.store("branch", name)
            self.git("branch", name)
            self.commits[name] = self.commits[self.branch]
            self.tips[name] = self.tips[self.branch]
            return True

    def delete_branch(self):
        others = self.commits.keys() - {self.branch, "main"}
        if others:
            name = self.some(others)
            if self.store("branch", "-d", name, codes=(0, 7)).returncode == 0:
                self.git("branch", "-D", name)
                del self.commits[name], self.tips[name]
                return True

    def put_on(self, target, everything):
        """The model of a switch: what differs, or everything that is tracked, becomes as in the target."""
        head, goal = self.commits[self.branch], self.commits[target]
        differs = {p for p in head.keys() | goal.keys() if head.get(p) != goal.get(p)}
        if everything:
            differs |= self.index.keys() | goal.keys()
        directories = {p for p in differs if p not in goal and self.index.get(p, head.get(p))[0] == "directory"}
        for tree in (self.tree, self.index):
            for path in differs:
                tracked = tree is self.index or path in self.index
                if path not in goal and path not in directories and tracked and tree.get(path, ("directory",))[0] != "directory":
                    tree.pop(path, None)
            drop_emptied(tree, directories)
            for path in sorted(p for p in goal if p in differs):
                put(tree, path, goal[path], goal)
        self.branch = target

    def is_clean_for(self, target):
        head, goal = self.commits[self.branch], self.commits[target]
        differs = {p for p in head.keys() | goal.keys() if head.get(p) != goal.get(p)}
        dirty = {p for p in self.tree.keys() | self.index.keys() | head.keys()
                 if not self.tree.get(p) == self.index.get(p) == head.get(p)}
        return not any(below(p, q) or below(q, p) for p in dirty for q in differs)

    def switch(self):
        others = self.commits.keys() - {self.branch}
        if not others or not self.born:
            return
        target = self.some(others)
        if self.random.random() < 0.3:
            self.store("switch", "-q", "--force", target)
            self.git("switch", "-qf", target)
            self.put_on(target, everything=True)
            return True
        clean = self.is_clean_for(target)
        if self.with_git and not clean:
            return
        done = self.store("switch", "-q", target, codes=(0,) if clean else (0, 7))
        self.git("switch", "-q", target)
        if done.returncode == 0:
            self.put_on(target, everything=False)
            return True

    def ancestors(self, commit):
        found, waiting = set(), [commit]
        while waiting:
            if (at := waiting.pop()) not in found:
                found.add(at)
                waiting += self.graph[at][1]
        return found

    @staticmethod
    def chosen(was, here, there):
        """What both sides make of one path, whatever is below it; False if they disagree (lib/ops/merge_decision.h)."""
        if here == there or was in (here, there):
            return there if was == here else here
        def is_directory(entry):
            return entry is not None and entry[0] == "directory"
        if is_directory(here) and is_directory(there):
            return here
        if was and here and there and was[0] == here[0] == there[0] == "file":
            parts = [here[i] if there[i] in (was[i], here[i]) else there[i] if here[i] == was[i] else None for i in (1, 2)]
            return False if None in parts else ("file", *parts)
        if not is_directory(here) and not is_directory(there):
            return (here or there) if is_directory(was) and None in (here, there) else False
        if None in (here, there):  # a directory that the other side removed stays only with something in it
            return None if is_directory(was) else here or there
        return (there if is_directory(here) else here) if is_directory(was) else False

    def merged(self, base, theirs):
        """What both sides make of the base's tree, by path; nothing if they disagree, or one has a file where the other has a
        directory with something in it."""
        ours, result = self.commits[self.branch], {}
        for path in sorted(base.keys() | ours.keys() | theirs.keys()):
            entry = self.chosen(base.get(path), ours.get(path), theirs.get(path))
            if entry is False:
                return
            if entry:
                result[path] = entry
        for path in list(result):
            for above in parents(path):
                if result.setdefault(above, ours.get(above) or theirs.get(above))[0] != "directory":
                    return
        return result

    def merge(self):
        others = self.commits.keys() - {self.branch}
        if not others or not self.born:
            return
        if not self.tree == self.index == self.commits[self.branch]:
            self.store("add", "-A")
            self.git("add", "-A")
            self.index = dict(self.tree)
            self.commit()
            self.check()
            self.begin()
        other = self.some(others)
        ours, theirs = self.tips[self.branch], self.tips[other]
        common = self.ancestors(ours) & self.ancestors(theirs)
        bases = [c for c in common if not any(c in self.ancestors(d) for d in common - {c})]
        if len(bases) != 1:
            return
        result = self.merged(self.graph[bases[0]][0], self.commits[other])
        words = ["merge", "-q", other]
        if result is None:
            if self.store(*words, codes=(0, 7)).returncode == 0:
                raise Failure(f"merge {other}: no conflict")
            self.store("merge", "--abort", "-q")
            return  # to undo that is to be in the middle of the merge again
        self.store(*words)
        self.git("-c", "merge.renames=false", "merge", "-q", "--no-edit", other)
        if bases[0] == theirs:
            return
        if bases[0] == ours:
            self.tips[self.branch], self.commits[self.branch] = theirs, self.commits[other]
        else:
            self.record(result, [ours, theirs])
        self.tree, self.index = dict(self.commits[self.branch]), dict(self.commits[self.branch])
        return True

    def restore(self):
        tops = {p.split("/")[0] for p in self.index}
        if not tops or (self.with_git and self.hides(self.state())):
            return
        top = self.some(tops)
        self.store("restore", "-q", "--", ":(literal)" + top)
        self.git("restore", "--", ":(literal)" + top, codes=None)
        for path in sorted(p for p in self.index if below(p, top)):
            put(self.tree, path, self.index[path])
        return True

    def remove(self):
        if self.with_git and self.hides(self.state()):
            return
        tops = {p.split("/")[0] for p in self.index if not self.with_git or self.index[p][0] != "directory"}
        if not tops:
            return
        top = self.some(tops)
        self.store("rm", "-q", "-r", "-f", "--", ":(literal)" + top)
        self.git("rm", "-qrf", "--", ":(literal)" + top)
        gone = {p for p in self.index if below(p, top)}
        directories = {p for p in gone if self.index[p][0] == "directory"}
        for path in gone - directories:
            if self.tree.get(path, ("directory",))[0] != "directory":
                del self.tree[path]
        self.index = without(self.index, top)
        drop_emptied(self.tree, directories)
        return True

    def state(self):
        return dict(self.tree), dict(self.index), dict(self.commits), dict(self.tips), self.branch, self.born

    def take(self, state):
        self.tree, self.index, self.commits, self.tips = (dict(part) for part in state[:4])
        self.branch, self.born = state[4:]

    def step(self):
        action = self.random.choices(
            [self.edit, self.add, self.commit, self.make_branch, self.delete_branch, self.switch, self.merge, self.restore,
             self.remove],
            [8, 5, 4, 1, 0.5, 3, 3, 1, 0.7])[0]
        self.begin()
        recorded = action()
        self.check()
        # What had nothing to do is no entry.
        done = recorded and self.before[5] and self.newest() != self.newest_before
        if done and self.random.random() < 0.4:
            self.undo(self.before, action == self.commit)

    def begin(self):
        """What the step's own operation is taken back to."""
        self.before, self.newest_before = self.state(), self.newest()

    @staticmethod
    def hides(state):
        """A directory in the place of a tracked file, or the reverse: what is discarded with it is not taken back without a word."""
        tree, index = state[:2]
        return any((tree.get(p, e)[0] == "directory") != (e[0] == "directory") for p, e in index.items())

    def newest(self):
        return [entry["id"] for entry in self.ask("oplog", "-n", "1")["entries"]]

    def undo(self, before, files_stay):
        after = self.state()
        self.store("undo", "-q")
        self.take((after[0] if files_stay else before[0], *before[1:]))
        with_git, self.with_git = self.with_git, False  # what git is compared with comes back at once
        self.check()
        self.with_git = with_git
        if with_git or self.random.random() < 0.5:
            self.store("undo", "-q")
            self.take(after)
            self.check()


def main():
    program, folder, seed, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    history = History(program, folder, seed, sys.argv[5:] == ["git"])
    for number in range(steps):
        try:
            history.step()
        except Failure as failure:
            print(f"seed {seed}, step {number}: {failure}", *history.log[-25:], sep="\n  ")
            sys.exit(1)
    history.store("fsck", "-q")


if __name__ == "__main__":
    os.umask(0o022)
    main()
