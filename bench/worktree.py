#!/usr/bin/env python3
"""Life with a working tree, store beside git, interleaved, warm: medians of wall seconds and the ratio of each pair.

    bench/worktree.py [--runs N] [--store PROGRAM] [--scratch DIR] [--big SIZE] [FOLDER]

FOLDER is copied once for each program, committed, and a second commit changes 1 % of its files; then `status`, an `add` of nothing
new, and `switch` between the two commits. After that one file of SIZE bytes (default 10G; 0 leaves it out) with 1 MiB changed in the
middle, and the bytes that the switch wrote. Git has no counterpart that ends in useful time
for files of that size; with --git-big it is run all the same.
"""
import argparse, os, random, shutil, statistics, subprocess, sys, tempfile, time

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size_of(text):
    return int(text[:-1]) * UNITS[text[-1].upper()] if text[-1:].upper() in UNITS else int(text)


class Side:
    def __init__(self, name, program, folder):
        self.name, self.program, self.folder = name, program, folder
        os.makedirs(folder)
        self.run("init -q" if name == "store" else "init -q -b main")
        if name == "git":
            for key, value in (("gc.auto", "0"), ("user.name", "x"), ("user.email", "x@x"), ("core.bigFileThreshold", "64m")):
                self.run(f"config {key} {value}")

    def run(self, words):
        """Wall seconds, and the bytes that the command wrote in system calls. (What the kernel counts as dirtied, ru_oublock, is four
        times as much for a change in the middle of a file that lies in the cache in large folios.)"""
        started = time.monotonic()
        process = subprocess.Popen([self.program, *words.split()], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.monotonic() - started
        with open(f"/proc/{process.pid}/io") as file:
            counters = dict(line.split(": ") for line in file)
        if process.wait() != 0:
            sys.exit(f"{self.name} {words}: exit {process.returncode}: {errors.decode(errors='replace')[-500:]}")
        return wall, int(counters["wchar"])

    def snapshot(self, message):
        self.run("add -A")
        self.run(f"commit -q -m {message}")


def change_one_percent(folder, seed):
    names = []
    for path, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in (".git", ".store")]
        names += [os.path.join(path, name) for name in files if not os.path.islink(os.path.join(path, name))]
    for name in random.Random(seed).sample(sorted(names), max(1, len(names) // 100)):
        with open(name, "ab") as file:
            file.write(b"\nchanged\n")
    return len(names)


def pair(what, sides, runs, words):
    """words: the commands, one after the other; the first is what is measured."""
    walls = {side.name: [] for side in sides}
    for number in range(runs):
        for side in sides if number % 2 == 0 else sides[::-1]:
            for index, command in enumerate(words):
                wall, _ = side.run(command)
                if index == 0:
                    walls[side.name].append(wall)
    medians = {name: statistics.median(values) for name, values in walls.items()}
    line = "  ".join(f"{name} {value:7.3f} s" for name, value in medians.items())
    if len(sides) == 2:
        ratio = statistics.median(a / b for a, b in zip(walls["store"], walls["git"]))
        line += f"  ratio {ratio:.2f} (smallest {min(a / b for a, b in zip(walls['store'], walls['git'])):.2f})"
    print(f"{what:34} {line}", flush=True)


def tree(options, scratch):
    sides = [Side("store", options.store, os.path.join(scratch, "store")), Side("git", "git", os.path.join(scratch, "git"))]
    for side in sides:
        subprocess.run(["cp", "-a", os.path.abspath(options.folder) + "/.", side.folder], check=True)
        side.snapshot("one")
        side.run("branch old")
        files = change_one_percent(side.folder, 1)
        side.snapshot("two")
    time.sleep(0.1)
    for side in sides:
        side.run("status --short")
    print(f"{files} files")
    pair("status", sides, options.runs, ["status --short"])
    pair("add of nothing new", sides, options.runs, ["add -A"])
    pair("switch, 1 % of the files differ", sides, options.runs, ["switch -q old", "switch -q main"])


def big(options, scratch):
    size = size_of(options.big)
    sides = [Side("store", options.store, os.path.join(scratch, "store-big"))]
    if options.git_big:
        sides.append(Side("git", "git", os.path.join(scratch, "git-big")))
    for side in sides:
        name = os.path.join(side.folder, "big")
        block = random.Random(2).randbytes(16 << 20)
        with open(name, "wb") as file:
            for number in range(0, size, len(block)):
                file.write(number.to_bytes(8, "big") + block[8:min(len(block), size - number)])
        side.snapshot("one")
        side.run("branch old")
        with open(name, "r+b") as file:
            file.seek(size // 2)
            file.write(random.Random(3).randbytes(1 << 20))
        side.snapshot("two")
        os.sync()
        time.sleep(0.1)
        side.run("status --short")
    # A file that was just written is read once more before it is trusted to be what was written: `status` does that.
    pair(f"switch, 1 MiB of {options.big} differs", sides, options.runs, ["switch -q old", "switch -q main", "status --short"])
    pair("the same, just written", sides, options.runs, ["switch -q old", "switch -q main"])
    os.sync()
    print(f"{'bytes written by the switch':34} " + "  ".join(f"{s.name} {s.run('switch -q old')[1] / (1 << 20):.1f} MiB" for s in sides))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--store", default=os.path.join(os.path.dirname(__file__), "../build/release/app/store"))
    options.add_argument("--scratch", default=None)
    options.add_argument("--big", default="10G")
    options.add_argument("--git-big", action="store_true")
    options = options.parse_args()
    options.store = os.path.abspath(options.store)
    scratch = tempfile.mkdtemp(prefix="worktree.", dir=options.scratch)
    try:
        if options.folder:
            tree(options, scratch)
        if size_of(options.big):
            big(options, scratch)
    finally:
        shutil.rmtree(scratch)


main()
