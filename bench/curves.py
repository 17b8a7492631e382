#!/usr/bin/env python3
"""What a byte and a file cost as there are more of them: `store` on files of growing size and on folders of growing count.

    bench/curves.py [--runs N] [--store PROGRAM] [--scratch DIR] [--sizes GIB,…] [--counts N,…] [--json FILE] [--plots DIR]

A large file comes by standard input (`save --stdin`), so that its size is not limited by the disk: sources of Debian's kernel package,
stamped every 64 KiB, so that each chunk is new and compresses as sources do. The files of a folder hold a line each, all in one folder
or 1,000 in each. Prints Markdown tables with nanoseconds a byte, microseconds a file and peak memory, and with --plots the curves; then
what a file costs with the most of them beside 20,000 and more, with pass or FAIL (P13). The exit code is 1 if one of these fails.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile, time

import corpora
from measure import measure
from verdicts import Verdicts

MIB, GIB = 1 << 20, 1 << 30
TILE = 256 * MIB
PIECE = 64 << 10


def tile_of(options):
    sources = corpora.make("sources", options.corpora)
    made = subprocess.run(f"tar -C {sources}/before -cf - . | head -c {TILE}", shell=True, capture_output=True, check=True)
    return bytearray(made.stdout)


def save_large(options, folder, tile, size):
    """Wall seconds, with those of making the content, which goes on beside it, and peak memory in bytes."""
    subprocess.run([options.store, "init", "-q", "--bare", folder], check=True)
    process = subprocess.Popen(["/usr/bin/time", "-f", "%M", "-o", folder + ".peak", options.store, "--repo", folder, "save", "-q", "--stdin", "--name",
                                "large", "-b", "b", "-m", "x"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    started = time.monotonic()
    for first in range(0, size, TILE):
        for at in range(0, TILE, PIECE):
            tile[at:at + 8] = (first + at).to_bytes(8, "big")
        process.stdin.write(tile)
    process.stdin.close()
    if process.wait() != 0:
        sys.exit("save failed")
    return time.monotonic() - started, int(open(folder + ".peak").read()) * 1024


def make_files(folder, count, spread):
    for number in range(count):
        where = f"{folder}/{number // 1000:04}" if spread else folder
        if number % 1000 == 0:
            os.makedirs(where, exist_ok=True)
        with open(f"{where}/file-{number:07}.txt", "w") as file:
            file.write(f"content of file number {number}\n")


def life_of_files(options, folder):
    """The folder must be new for each run."""
    variables = dict(os.environ, STORE=options.store)
    steps = {"add": "$STORE init -q && $STORE add -q -A", "commit": "$STORE commit -q -m x", "status": "$STORE status >/dev/null",
             "checkout": f"$STORE checkout -q HEAD --out {folder}.out"}
    figures = {name: measure(f"cd {folder} && {command}", variables) for name, command in steps.items()}
    shutil.rmtree(folder + ".out")
    shutil.rmtree(folder + "/.store")
    return figures


def plot(file, title, unit, curves):
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for number, (name, points) in enumerate(curves.items()):
            data = f"{folder}/{number}"
            with open(data, "w") as out:
                out.writelines(f"{x} {y}\n" for x, y in points)
            parts.append(f"'{data}' with linespoints linewidth 2 title '{name}'")
        script = f"""
set terminal svg size 900,420 background '#ffffff' font 'sans-serif,13'
set output '{file}'
set title '{title}'
set ylabel '{unit}'
set logscale x
set yrange [0:*]
set grid
set key outside right
plot {', '.join(parts)}
"""
        subprocess.run(["gnuplot"], input=script, text=True, check=True)


def large(options):
    tile = tile_of(options)
    points = {"seconds": [], "peak": []}
    print("\n| one file, GiB | ns a byte | MB/s | peak MB |\n|---|---|---|---|")
    for gib in options.sizes:
        runs = []
        for number in range(options.runs):
            folder = f"{options.scratch}/large.{gib}.{number}"
            runs.append(save_large(options, folder, tile, gib * GIB))
            shutil.rmtree(folder)
        wall, peak = (statistics.median(values) for values in zip(*runs))
        points["seconds"].append((gib, wall * 1e9 / (gib * GIB)))
        points["peak"].append((gib, peak))
        print(f"| {gib} | {wall * 1e9 / (gib * GIB):.2f} | {gib * GIB / wall / 1e6:.0f} | {peak / 1e6:.0f} |", flush=True)
    if options.plots:
        plot(f"{options.plots}/large.svg", "save of one large file, by its size in GiB", "ns a byte", {"save": points["seconds"]})
    return points


def many(options):
    found = {}
    print("\n| files | in | add µs a file | commit | status | checkout | peak MB of add |\n|---|---|---|---|---|---|---|")
    for spread, name in ((False, "one folder"), (True, "folders of 1,000")):
        for count in options.counts:
            runs = []
            for _ in range(options.runs):
                folder = f"{options.scratch}/many"
                os.makedirs(folder)
                make_files(folder, count, spread)
                os.sync()
                runs.append(life_of_files(options, folder))
                shutil.rmtree(folder)
            cost = {step: statistics.median(run[step]["wall"] for run in runs) * 1e6 / count for step in runs[0]}
            for step, value in cost.items():
                found.setdefault(f"{step}, {name}", []).append((count, value))
            peak = statistics.median(run["add"]["peak"] for run in runs)
            print(f"| {count:,} | {name} | {cost['add']:.1f} | {cost['commit']:.1f} | {cost['status']:.2f} | {cost['checkout']:.1f} |"
                  f" {peak / 1e6:.0f} |", flush=True)
    if options.plots:
        plot(f"{options.plots}/many.svg", "small files, by their number", "µs a file", found)
    return found


def print_goals(found):
    """What a file costs among the most of them, beside the same among 20,000 and more: with fewer, starting the program counts."""
    verdicts = Verdicts()
    verdicts.head()
    for step, points in found.items():
        most, cost = points[-1]
        for count, fewer in points[:-1]:
            if count >= 20_000:
                verdicts.at_most(f"P13 {step}: a file of {most:,} beside one of {count:,}", 1.2, cost / fewer)
    return verdicts.all_pass()


def numbers(text):
    return sorted(int(part) for part in text.split(",") if part)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--store", default=os.path.join(os.path.dirname(__file__), "../build/release/app/store"))
    parser.add_argument("--corpora", default=os.path.join(os.path.dirname(__file__), "../build/corpora"))
    parser.add_argument("--scratch", help="where to work; default: beside the corpora")
    parser.add_argument("--sizes", type=numbers, default=[1, 4, 16, 64])
    parser.add_argument("--counts", type=numbers, default=[10_000, 20_000, 200_000, 1_000_000])
    parser.add_argument("--json")
    parser.add_argument("--plots")
    options = parser.parse_args()
    options.store = os.path.realpath(options.store)
    os.makedirs(options.corpora, exist_ok=True)
    options.scratch = tempfile.mkdtemp(prefix="store-curves.", dir=options.scratch or options.corpora)
    try:
        found = {"large": large(options), "many": many(options)}
    finally:
        shutil.rmtree(options.scratch)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)
    print()
    return 0 if print_goals(found["many"]) else 1


if __name__ == "__main__":
    sys.exit(main())
