#!/usr/bin/env python3
"""Power cuts on a real kernel: a second opinion beside tests/power_loss.

A program commits to a repository on a file system in a loop device until FS_IOC_SHUTDOWN stops the file system, with or without its
log being flushed. After the next mount every commit that was acknowledged must be there with its content, the program's own check of
all bytes must pass, and another commit must go through. Needs root and loop devices; exit 77 where they cannot be had.

  shutdown.py [--program store|git|git-synced|restic|borg] [--file-systems ext4,xfs] [--rounds N] [--seed N] [--store PATH] FOLDER
"""
import argparse
import fcntl
import glob
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import threading
import time

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN: ext4's and xfs's name for one number
CUTS = {"log flushed": 1, "log lost": 2}
SKIPPED = 77
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", RESTIC_PASSWORD="x", BORG_UNENCRYPTED_REPO_ACCESS_IS_OK="yes",
                   GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b",
                   GIT_CONFIG_NOSYSTEM="1")


RUNNING = []  # the process of run(), for as long as it runs


def run(*command, cwd=None):
    """Standard output of a command that must succeed."""
    with subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        RUNNING.append(process)
        out, errors = process.communicate()
        RUNNING.remove(process)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}: {(errors or out).strip()[-500:]}")
    return out.strip()


class Store:
    locks = ()  # files of the repository that the next command finds in its way, and somebody has to remove

    def __init__(self, disk, outside, binary):
        self.work, self.outside, self.binary = disk + "/work", outside, binary

    def free(self):
        """Removes locks that were left; true if there were any."""
        folder = os.path.dirname(self.work)
        left = [path for pattern in self.locks for path in glob.glob(f"{folder}/{pattern}", recursive=True)]
        for path in left:
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        return bool(left)

    def init(self):
        run(self.binary, "init", "-q", self.work)

    def commit(self, number):
        run(self.binary, "-C", self.work, "add", "-q", "-A")
        return run(self.binary, "-C", self.work, "commit", "-q", "-m", str(number))

    def commits(self):
        return run(self.binary, "-C", self.work, "log", "--format", "{id}").split()

    def check(self, torn_tails=False):
        """`torn_tails`: the end of a log that was being written may be incomplete; the next writer cuts it off (docs/durability.md)."""
        done = subprocess.run((self.binary, "--json", "-C", self.work, "fsck", "--data"), env=ENVIRONMENT, capture_output=True, text=True)
        answer = json.loads(done.stdout)
        problems = [problem["message"] for problem in answer.get("result", {}).get("problems", [])]
        if torn_tails:
            problems = [text for text in problems if not text.endswith((", the end", "at the end are no complete batch"))]
        if problems or done.returncode not in (0, 6):
            raise RuntimeError(f"fsck: exit {done.returncode}: {problems or done.stderr.strip()}")

    def restore(self, commit, target):
        run(self.binary, "-C", self.work, "checkout", "-q", commit, "--out", target)


class Git(Store):
    locks = ("work/.git/**/*.lock",)

    def init(self):
        run("git", "init", "-q", self.work)

    def commit(self, number):
        run("git", "add", "-A", cwd=self.work)
        run("git", "commit", "-q", "-m", str(number), cwd=self.work)
        return run("git", "rev-parse", "HEAD", cwd=self.work)

    def commits(self):
        return run("git", "log", "--format=%H", cwd=self.work).split()

    def check(self, torn_tails=False):
        run("git", "fsck", "--full", cwd=self.work)

    def restore(self, commit, target):
        os.makedirs(target)
        run("git", f"--git-dir={self.work}/.git", f"--work-tree={target}", "checkout", "-q", commit, "--", ".")


class GitSynced(Git):
    def init(self):
        super().init()
        run("git", "config", "core.fsync", "all", cwd=self.work)


class Restic(Store):
    locks = ("repository/locks/*",)

    def repository(self, *words):
        return ("restic", "-q", "--no-cache", "-r", os.path.dirname(self.work) + "/repository", *words)

    def init(self):
        os.makedirs(self.work)
        run(*self.repository("init"))

    def commit(self, number):
        run(*self.repository("backup", "--tag", str(number), "."), cwd=self.work)
        return json.loads(run(*self.repository("snapshots", "--json", "--tag", str(number))))[-1]["id"]

    def commits(self):
        return [one["id"] for one in json.loads(run(*self.repository("snapshots", "--json")))]

    def check(self, torn_tails=False):
        run(*self.repository("check", "--read-data"))

    def restore(self, commit, target):
        run(*self.repository("restore", commit, "--target", target))


class Borg(Store):
    locks = ("repository/lock.*", "../outside/borg/.cache/borg/*/lock.*")

    def repository(self, archive=""):
        return os.path.dirname(self.work) + "/repository" + (f"::{archive}" if archive else "")

    def init(self):
        os.makedirs(self.work)
        run("borg", "init", "-e", "none", self.repository())

    def commit(self, number):
        run("borg", "create", self.repository(f"c{number}"), ".", cwd=self.work)
        return f"c{number}"

    def commits(self):
        return run("borg", "list", "--short", self.repository()).split()

    def check(self, torn_tails=False):
        run("borg", "check", "--verify-data", self.repository())

    def restore(self, commit, target):
        os.makedirs(target)
        run("borg", "extract", self.repository(commit), cwd=target)


PROGRAMS = {"store": Store, "git": Git, "git-synced": GitSynced, "restic": Restic, "borg": Borg}


def content(folder):
    """SHA-256 of each file below a folder."""
    found = {}
    for parent, directories, names in os.walk(folder):
        directories[:] = [name for name in directories if name not in (".store", ".git")]
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found


def change(folder, rng):
    """Some small files and at times a larger one."""
    for _ in range(rng.randint(1, 20)):
        path = f"{folder}/d{rng.randrange(8)}/f{rng.randrange(40)}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(rng.randbytes(rng.randrange(1, 20000)))
    if rng.random() < 0.3:
        with open(f"{folder}/large", "wb") as file:
            file.write(rng.randbytes(rng.randrange(200000, 3000000)))


class Disk:
    """A file system in a loop device."""

    def __init__(self, kind, folder):
        self.image, self.mounted = f"{folder}/image", f"{folder}/disk"
        os.makedirs(self.mounted, exist_ok=True)
        with open(self.image, "wb") as file:
            file.truncate(1 << 30)
        run(f"mkfs.{kind}", "-q", *(["-F"] if kind == "ext4" else ["-f"]), self.image)
        self.mount()

    def mount(self):
        run("mount", "-o", "loop", self.image, self.mounted)

    def cut(self, how):
        fd = os.open(self.mounted, os.O_RDONLY)
        fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", how))
        os.close(fd)

    def unmount(self):
        for _ in range(50):
            if subprocess.run(["umount", self.mounted], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.mounted}: stays busy")


def can_mount(kind, folder):
    try:
        Disk(kind, f"{folder}/try-{kind}").unmount()
        return True
    except (RuntimeError, OSError):
        return False
    finally:
        shutil.rmtree(f"{folder}/try-{kind}", ignore_errors=True)


class Round:
    """One repository, one power cut."""

    def __init__(self, program, work, rng):
        self.program, self.work, self.rng = program, work, rng
        self.acknowledged = []  # id and content of each commit
        self.stopped = False
        self.locked = False

    def write(self):
        try:
            while True:
                change(self.work, self.rng)
                before = content(self.work)
                self.acknowledged.append((self.program.commit(len(self.acknowledged)), before))
        except (RuntimeError, OSError) as error:
            if not self.stopped:
                self.stopped = error

    def faults(self, outside):
        """What is wrong after the file system was mounted again."""
        self.locked = self.program.free()
        try:
            there = self.program.commits() if self.acknowledged else []
            for commit, _ in self.acknowledged:
                if commit not in there:
                    yield f"commit {commit} is gone"
            self.program.check(torn_tails=True)
            for number, (commit, expected) in enumerate(self.acknowledged[-3:]):
                target = f"{outside}/restored{number}"
                self.program.restore(commit, target)
                if content(target) != expected:
                    yield f"commit {commit} has other content"
            change(self.work, self.rng)
            expected = content(self.work)
            self.program.restore(self.program.commit("after"), f"{outside}/after")
            if content(f"{outside}/after") != expected:
                yield "the next commit has other content"
            self.program.check()
        except RuntimeError as error:
            yield str(error)


def one_round(arguments, kind, how, rng):
    """Returns how many commits were acknowledged, what is wrong, and whether a lock had to be removed."""
    folder = f"{arguments.folder}/{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + "/outside")
    ENVIRONMENT["BORG_BASE_DIR"] = folder + "/outside/borg"
    disk = Disk(kind, folder)
    try:
        program = PROGRAMS[arguments.program](disk.mounted, folder + "/outside", arguments.store)
        program.init()
        os.sync()  # what is tried is commits, not making a repository
        trial = Round(program, program.work, rng)
        writer = threading.Thread(target=trial.write)
        writer.start()
        time.sleep(rng.uniform(0.1, arguments.longest))
        early, trial.stopped = trial.stopped, True
        disk.cut(how)
        while writer.is_alive():  # power that is cut ends processes, too
            for process in list(RUNNING):
                process.kill()
            writer.join(0.1)
        if early:
            raise RuntimeError(f"before the cut: {early}")
        disk.unmount()
        disk.mount()
        os.makedirs(program.work, exist_ok=True)
        faults = list(trial.faults(folder + "/outside"))
        return len(trial.acknowledged), faults, trial.locked
    finally:
        disk.unmount()
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--program", choices=PROGRAMS, default="store")
    parser.add_argument("--store", default="store")
    parser.add_argument("--file-systems", default="ext4,xfs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--longest", type=float, default=1.5, help="seconds before the cut at most")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    kinds = [kind for kind in arguments.file_systems.split(",") if can_mount(kind, arguments.folder)]
    if not kinds:
        print("skipped: needs root, loop devices, mkfs, and a kernel that knows the file system")
        return SKIPPED
    rng = random.Random(arguments.seed)
    bad = 0
    for kind in kinds:
        for name, how in CUTS.items():
            commits = wrong = locked = 0
            for _ in range(arguments.rounds):
                acknowledged, faults, stuck = one_round(arguments, kind, how, rng)
                commits, wrong, locked = commits + acknowledged, wrong + bool(faults), locked + stuck
                for fault in faults:
                    print(f"  {kind}, {name}: {fault}")
            bad += wrong
            print(f"{arguments.program} on {kind}, {name}: {arguments.rounds} power cuts, {commits} commits acknowledged, "
                  f"{locked} times a lock to remove, {wrong} bad", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
