#!/usr/bin/env python3
"""store beside git, restic, borg, casync, tar | zstd and cp on real folders, interleaved.

    bench/compare.py [--runs N] [--store PROGRAM] [--corpora DIR] [--scratch DIR] [--cold] [--json FILE] [--plots DIR] [FOLDER|NAME…]

NAME is one of bench/corpora.py, which is built first; without any, all of them are. For each: everything into a new repository; the same
again, unchanged; again with a small change (of a corpus: its next version); a restore into an empty folder, which is compared; a check
that reads every byte. Prints a Markdown table with medians of wall seconds, the median of the ratios to store of the same round, CPU
seconds, peak memory and the repository's size. For corpora that are warm the goals beside other programs (P1 to P5, P9) follow, with
pass or FAIL, and without FOLDER and NAME the floors of bench/goals.py; the exit code is 1 if one fails. --json keeps every single figure,
--plots draws an SVG for each folder with gnuplot. --cold drops the page cache before each step (as root).

Each program works on a copy of its own, made and synced before the clock starts, in a fresh folder (files made in the place of
deleted ones cost several times as much on ext4). Every step ends when its data is on disk: git runs with core.fsync=all, what has
no setting for it is followed by a sync of its file system. Settings: git gc.auto=0; restic without a cache beside its repository;
borg without encryption and with its cache; casync with its chunk store on the same file system; tar | zstd -3 on one thread.
The small change in a folder: a line appended to 1 % of the files, or, if they are few, one byte in the middle of each.
Programs that are not installed are left out. tools/packages.sh bench installs them.
"""
import argparse, json, os, pathlib, random, re, shutil, statistics, subprocess, sys, tempfile, time

import corpora
from measure import measure
from verdicts import Verdicts

STEPS = ("first", "same", "changed", "restore", "verify")
BORG = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes"
# Of each program its steps as shell commands: in the folder $W, with the repository at $R and an empty folder $T.
PROGRAMS = {
    "store": {
        "prepare": "cd $W && $STORE init -q",
        "first": "cd $W && $STORE add -q -A && $STORE commit -q -m x",
        "same": "cd $W && $STORE add -q -A",
        "changed": "cd $W && $STORE add -q -A && $STORE commit -q -m y",
        "restore": "cd $W && $STORE checkout -q HEAD --out $T/out",
        "verify": "cd $W && $STORE fsck -q --data",
        "restored": "$T/out",
        "repository": "$W/.store",
    },
    "git": {
        "prepare": "cd $W && git init -q && git config gc.auto 0 && git config core.fsync all && git config user.name x"
                   " && git config user.email x@x && git config core.bigFileThreshold 64m",
        "first": "cd $W && git add -A -f && git commit -q -m x",
        "same": "cd $W && git add -A -f",
        "changed": "cd $W && git add -A -f && git commit -q -m y",
        "restore": "cd $W && git --work-tree=$T checkout -q -f HEAD -- . && sync -f $T",
        "verify": "cd $W && git fsck --full --no-progress",
        "repository": "$W/.git",
    },
    "restic": {
        "prepare": "restic init -q --repo $R",
        "first": "cd $W && restic backup -q --no-cache --repo $R .",
        "same": "cd $W && restic backup -q --no-cache --repo $R .",
        "changed": "cd $W && restic backup -q --no-cache --repo $R .",
        "restore": "restic restore -q --no-cache --repo $R latest --target $T && sync -f $T",
        "verify": "restic check -q --no-cache --read-data --repo $R",
        "repository": "$R",
    },
    "borg": {
        "prepare": f"{BORG} borg init --encryption none $R",
        "first": f"cd $W && {BORG} borg create $R::a .",
        "same": f"cd $W && {BORG} borg create $R::b .",
        "changed": f"cd $W && {BORG} borg create $R::c .",
        "restore": f"cd $T && {BORG} borg extract $R::c && sync -f $T",
        "verify": f"{BORG} borg check --verify-data $R",
        "repository": "$R",
    },
    "casync": {
        "prepare": "mkdir $R",
        "first": "casync make --store=$R/s.castr $R/a.caidx $W >/dev/null && sync -f $R",
        "same": "casync make --store=$R/s.castr $R/b.caidx $W >/dev/null && sync -f $R",
        "changed": "casync make --store=$R/s.castr $R/c.caidx $W >/dev/null && sync -f $R",
        "restore": "casync extract --store=$R/s.castr $R/c.caidx $T && sync -f $T",
        "repository": "$R",
    },
    "tar": {
        "prepare": "mkdir $R",
        "first": "tar -cSf - -C $W . | zstd -q -3 -o $R/a && sync $R/a",
        "restore": "zstd -q -d -c $R/a | tar -xf - -C $T && sync -f $T",
        "verify": "zstd -q -t $R/a",
        "repository": "$R/a",
    },
    "cp": {
        "prepare": "mkdir $R",
        "first": "cp -r $W $R/a && sync -f $R",
        "restore": "cp -r $R/a $T && sync -f $T",
        "restored": "$T/a",
        "repository": "$R/a",
    },
}
NEEDS = {"tar": "zstd"}
LABELS = {"tar": "tar \\| zstd -3", "cp": "cp -r"}


def regular_files(folder):
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", ".store")]
        for name in names:
            full = os.path.join(path, name)
            if not os.path.islink(full) and os.path.isfile(full):
                yield full


def change(work, folder):
    """To a corpus' next version; what is the same keeps its times."""
    later = os.path.join(folder, "after")
    if not os.path.isdir(later):
        return change_a_little(work)
    subprocess.run(["rsync", "-rlpS", "--checksum", "--delete", "--exclude=/.git", "--exclude=/.store", later + "/", work + "/"], check=True)


def change_a_little(folder):
    files = sorted(regular_files(folder))
    if len(files) >= 100:
        for name in random.Random(1).sample(files, len(files) // 100):
            with open(name, "ab") as file:
                file.write(b"\nchanged\n")
        return
    for name in files:
        with open(name, "r+b") as file:
            file.seek(os.path.getsize(name) // 2)
            byte = file.read(1)
            file.seek(-len(byte), os.SEEK_CUR)
            file.write(bytes(value ^ 1 for value in byte))


def stored_bytes(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.lstat(os.path.join(where, name)).st_blocks * 512 for where, _, names in os.walk(path) for name in names)


def resolve(path, variables):
    for name in ("W", "R", "T"):
        path = path.replace("$" + name, variables[name])
    return path


def is_bare_folder(line):
    """Whether diff says of a folder with nothing but folders in it that only one side has it."""
    found = re.fullmatch("Only in (.*): (.*)", line)
    path = pathlib.Path(*found.groups()) if found else None
    return path is not None and path.is_dir() and all(inside.is_dir() and not inside.is_symlink() for inside in (path, *path.rglob("*")))


def check_restored(program, expected, variables):
    restored = resolve(PROGRAMS[program].get("restored", "$T"), variables)
    done = subprocess.run(["diff", "-rq", "--no-dereference", "-x", ".git", "-x", ".store", expected, restored],
                          capture_output=True, text=True)
    # Git has no empty folders.
    wrong = [line for line in done.stdout.splitlines() if not (program == "git" and is_bare_folder(line))]
    if wrong or done.returncode > 1:
        sys.exit(f"{program} restored something else:\n" + "\n".join(wrong[:10]) + done.stderr)


def first_version(folder):
    corpus = os.path.join(folder, "before")
    return corpus if os.path.isdir(corpus) else folder


def packs_and_tables(repository):
    return sum(stored_bytes(path) for path in (os.path.join(repository, name) for name in ("packs", "tables")) if os.path.isdir(path))


def one_run(program, folder, options):
    scratch = tempfile.mkdtemp(prefix="run.", dir=options.scratch)
    work, repository, target = (os.path.join(scratch, name) for name in ("work", "repository", "target"))
    variables = dict(os.environ, STORE=options.store, W=work, R=repository, T=target, RESTIC_PASSWORD="x", HOME=scratch,
                     BORG_BASE_DIR=scratch)
    subprocess.run(["cp", "-a", first_version(folder), work], check=True)
    os.mkdir(target)
    steps = PROGRAMS[program]
    measure(steps["prepare"], variables)
    time.sleep(0.1)  # what was written a moment before is read twice: it may have been written to while it was read
    figures = {}
    for step in STEPS:
        if step == "changed":
            figures["size"] = stored_bytes(resolve(steps["repository"], variables))
            figures["content"] = packs_and_tables(resolve(steps["repository"], variables))
            change(work, folder)
        if step not in steps:
            continue
        os.sync()
        if options.cold:
            with open("/proc/sys/vm/drop_caches", "w") as file:
                file.write("3")
        figures[step] = measure(steps[step], variables)
        if step == "restore":
            check_restored(program, work if "changed" in steps else first_version(folder), variables)
    figures["size_after_change"] = stored_bytes(resolve(steps["repository"], variables))
    shutil.rmtree(scratch)
    return figures


def median(runs, step, what):
    values = [run[step][what] for run in runs if step in run]
    return statistics.median(values) if values else None


def ratio(runs, base, step):
    values = [run[step]["wall"] / other[step]["wall"] for run, other in zip(runs, base) if step in run]
    return statistics.median(values) if values else None


def print_goals(everything):
    """Of the corpora. What was not measured has no verdict. True if no goal is missed."""
    verdicts = Verdicts()

    def beside(program, corpus, step):
        return ratio(everything[corpus]["store"], everything[corpus][program], step)

    def fastest(corpus):
        return min(ratio(everything[corpus][program], everything[corpus]["store"], "first") for program in ("git", "restic", "borg"))

    def size(program, key="size"):
        return statistics.median(run[key] for run in everything["sources"][program])

    peers = {"git", "restic", "borg"}
    goals = (
        (verdicts.at_most, "P1 a source tree, add and commit, beside tar and zstd -3", 0.7, "", "sources", {"tar"}, lambda: beside("tar", "sources", "first")),
        (verdicts.at_least, "P1 the fastest of git, restic and borg beside that", 6, "", "sources", peers, lambda: fastest("sources")),
        (verdicts.at_most, "P2 20,000 small files, add and commit", 0.35, "s", "small", {"store"},
         lambda: median(everything["small"]["store"], "first", "wall")),
        (verdicts.at_most, "P2 beside tar and zstd -3", 0.58, "", "small", {"tar"}, lambda: beside("tar", "small", "first")),
        (verdicts.at_most, "P3 add of nothing new to the tree, beside git", 0.5, "", "sources", {"git"}, lambda: beside("git", "sources", "same")),
        (verdicts.at_most, "P4 checkout of the tree, beside cp -r", 0.7, "", "sources", {"cp"}, lambda: beside("cp", "sources", "restore")),
        (verdicts.at_least, "P5 1 GiB of noise, the fastest of git, restic and borg beside that", 4, "", "noise", peers, lambda: fastest("noise")),
        (verdicts.at_most, "P9 repository of the tree, beside tar and zstd -3", 1.15, "", "sources", {"tar"}, lambda: size("store") / size("tar")),
        (verdicts.at_most, "P9 its packs and tables", 1.05, "", "sources", {"tar"}, lambda: size("store", "content") / size("tar")),
    )
    print("\n### Goals\n")
    verdicts.head()
    for check, name, goal, unit, corpus, programs, value in goals:
        if corpus in everything and programs <= set(everything[corpus]):
            check(name, goal, value(), unit)
        else:
            verdicts.not_measured(name)
    return verdicts.all_pass()


def table(results):
    print("| | " + " | ".join(f"{step} s (×)" for step in STEPS) + " | CPU s of first | peak MB | repository MB | + MB by the change |")
    print("|---" * (len(STEPS) + 5) + "|")
    for name, runs in results.items():
        cells = [LABELS.get(name, name)]
        for step in STEPS:
            wall = median(runs, step, "wall")
            cells.append("–" if wall is None else f"{wall:.2f} ({ratio(runs, results['store'], step):.1f})")
        size, after = (statistics.median(run[key] for run in runs) for key in ("size", "size_after_change"))
        cells += [f"{median(runs, 'first', 'cpu'):.2f}", f"{median(runs, 'first', 'peak') / 1e6:.0f}", f"{size / 1e6:.1f}",
                  f"{(after - size) / 1e6:.1f}" if "changed" in PROGRAMS[name] else "–"]
        print("| " + " | ".join(cells) + " |")


def plot(title, results, file):
    lines = ["\t".join(["step", *results])]
    for step in STEPS:
        walls = [median(runs, step, "wall") for runs in results.values()]
        lines.append("\t".join([step, *("-" if wall is None else f"{wall:.3f}" for wall in walls)]))
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as data:
        data.write("\n".join(lines) + "\n")
        data.flush()
        script = f"""
set terminal svg size 900,420 background '#ffffff' font 'sans-serif,13'
set output '{file}'
set title '{title}: seconds, less is better'
set datafile separator '\\t'
set datafile missing '-'
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9
set logscale y
set grid ytics
set key outside right
plot for [i=2:{len(results) + 1}] '{data.name}' using i:xtic(1) title columnheader
"""
        subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER|NAME")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--store", default=os.path.join(os.path.dirname(__file__), "../build/release/app/store"))
    parser.add_argument("--corpora", default=os.path.join(os.path.dirname(__file__), "../build/corpora"), help="where corpora are")
    parser.add_argument("--scratch", help="where to work; default: beside the first folder")
    parser.add_argument("--programs", default=",".join(PROGRAMS))
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--plots")
    options = parser.parse_args()
    options.store = os.path.realpath(options.store)
    folders = [corpora.make(name, options.corpora) if name in corpora.CORPORA else os.path.abspath(name)
               for name in options.folders or corpora.CORPORA]
    options.scratch = tempfile.mkdtemp(prefix="store-compare.", dir=options.scratch or os.path.dirname(folders[0]))
    programs = [name for name in options.programs.split(",") if name == "store" or shutil.which(NEEDS.get(name, name))]
    everything = {}
    try:
        for folder in folders:
            results = {name: [] for name in programs}
            for number in range(options.runs):
                for name in programs if number % 2 == 0 else programs[::-1]:
                    results[name].append(one_run(name, folder, options))
            title = os.path.basename(folder)
            content = first_version(folder)
            print(f"\n### {title}: {sum(1 for _ in regular_files(content))} files, {stored_bytes(content) / 1e6:.0f} MB,"
                  f" {'cold' if options.cold else 'warm'}, medians of {options.runs}\n", flush=True)
            table(results)
            everything[title] = results
            if options.plots:
                plot(title, results, os.path.join(options.plots, f"{title}.svg"))
    finally:
        shutil.rmtree(options.scratch)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(everything, file, indent=1)
    measured = {name: results for name, results in everything.items() if name in corpora.CORPORA}
    reached = options.cold or not measured or print_goals(measured)
    if not options.folders:
        print("\n### Floors\n", flush=True)
        floors = [sys.executable, os.path.join(os.path.dirname(__file__), "goals.py"), "--runs", str(options.runs), "--store", options.store,
                  "--corpora", options.corpora, "--scratch", os.path.dirname(options.scratch), "floors", "unique"]
        reached = subprocess.run(floors, check=False).returncode == 0 and reached
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
