#!/usr/bin/env python3
"""add + commit of a folder by store, git, restic and borg, interleaved, warm: medians of wall, CPU, peak memory, size.

    bench/compare.py [--runs N] [--store PROGRAM] [--scratch DIR] FOLDER…

Every run starts from a fresh repository in a fresh folder (re-creating files in the place of deleted ones is several times
slower on ext4) outside the corpus; git and store work on a hard-linked copy of it, made before the clock starts. Peers run with
their usual settings: git with gc.auto=0, restic --no-cache, borg --encryption none. A peer that is not installed is left out.
"""
import argparse, os, shutil, statistics, subprocess, sys, tempfile, time


def peak_and_cpu(command, cwd, env):
    """Wall seconds, CPU seconds of the whole process tree, and the largest peak memory of one process in bytes."""
    report = tempfile.NamedTemporaryFile()
    started = time.monotonic()
    result = subprocess.run(["/usr/bin/time", "-f", "%U %S %M", "-o", report.name, "sh", "-ec", command], cwd=cwd, env=env,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = time.monotonic() - started
    if result.returncode != 0:
        sys.exit(f"{command}: exit {result.returncode}: {result.stderr.decode(errors='replace')[-500:]}")
    user, system, peak = open(report.name).read().split()[-3:]
    return wall, float(user) + float(system), int(peak) * 1024


def tree_size(folder):
    return sum(os.lstat(os.path.join(path, name)).st_blocks * 512
               for path, _, names in os.walk(folder) for name in names)


def peers(store):
    """name: (needs a copy of the corpus as its working tree, preparation, measured command, repository)"""
    return {
        "store": (True, f"{store} init -q", f"{store} add -q -A && {store} commit -q -m x", ".store"),
        "git": (True, "git init -q && git config gc.auto 0 && git config user.name x && git config user.email x@x",
                "git add -A -f && git commit -q -m x", ".git"),
        "restic": (False, "restic init -q --repo R", 'restic backup -q --no-cache --repo R "$CORPUS"', "R"),
        "borg": (False, "borg init --encryption none R", 'borg create R::a "$CORPUS"', "R"),
    }


def one_run(name, peer, corpus, scratch):
    copies, prepare, command, repository = peer
    work = tempfile.mkdtemp(prefix=f"{name}.", dir=scratch)
    env = dict(os.environ, CORPUS=corpus, RESTIC_PASSWORD="x", HOME=work, BORG_BASE_DIR=work,
               BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes")
    if copies:
        subprocess.run(["cp", "-al", corpus + "/.", work], check=True)
    subprocess.run(["sh", "-ec", prepare], cwd=work, env=env, check=True, stdout=subprocess.DEVNULL)
    os.sync()
    figures = peak_and_cpu(command, work, env)
    return figures + (tree_size(os.path.join(work, repository)),)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folders", nargs="+")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--store", default=os.path.join(os.path.dirname(__file__), "../build/release/app/store"))
    options.add_argument("--scratch", default=None, help="on the file system of the corpora")
    chosen = options.parse_args()
    available = {name: peer for name, peer in peers(os.path.realpath(chosen.store)).items()
                 if name == "store" or shutil.which(name)}
    for folder in map(os.path.abspath, chosen.folders):
        scratch = tempfile.mkdtemp(prefix="store-compare.", dir=chosen.scratch or os.path.dirname(folder))
        results = {name: [] for name in available}
        for _ in range(chosen.runs):
            for name, peer in available.items():
                results[name].append(one_run(name, peer, folder, scratch))
        shutil.rmtree(scratch)
        print(f"\n{os.path.basename(folder)}, medians of {chosen.runs}\n")
        print("| | wall s | × store | CPU s | peak MB | repository MB |\n|---|---|---|---|---|---|")
        base = statistics.median(run[0] for run in results["store"])
        for name, runs in results.items():
            wall, cpu, peak, size = (statistics.median(column) for column in zip(*runs))
            print(f"| {name} | {wall:.2f} | {wall / base:.1f} | {cpu:.2f} | {peak / 1e6:.0f} | {size / 1e6:.0f} |")


if __name__ == "__main__":
    main()
