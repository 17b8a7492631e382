#!/usr/bin/env python3
"""Floors that hold on any machine, and ratios to what the hardware and the libraries can do: each with its goal, and pass or FAIL.

    bench/goals.py [--runs N] [--store PROGRAM] [--micro PROGRAM] [--corpora DIR] [--scratch DIR] [--json FILE] [NAME…]

NAME is one of the functions below (floors, unique, known, compressible, checkout, one_byte, memory, holes, threads, history, kernels,
cold); all of them without one. Each ratio is between two measurements that follow each other, and the median of N is what counts.
What `store` is compared with is written into the row: a write with pwrite and fdatasync, SHA-256 of OpenSSL on one thread, zstd on one
thread with the same level and block size. kernels runs bench_micro (of the preset bench), cold drops the page cache (as root).
bench/compare.py has the ratios to other programs (P1 to P5, P9), bench/curves.py those to fewer files (P13). The exit code is 1 if a row fails.
"""
import argparse, hashlib, json, os, re, shutil, statistics, subprocess, sys, tempfile, time

import corpora
from measure import measure
from verdicts import Verdicts

MIB = 1 << 20
GIB = 1 << 30


class Bench(Verdicts):
    def __init__(self, options):
        super().__init__()
        self.store = os.path.realpath(options.store)
        self.corpora, self.runs, self.scratch, self.micro = options.corpora, options.runs, options.scratch, options.micro
        self.variables = dict(os.environ, STORE=self.store)

    def folder(self, name="work"):
        path = os.path.join(self.scratch, name)
        shutil.rmtree(path, ignore_errors=True)
        os.mkdir(path)
        return path

    def repository(self, content=None):
        """A fresh repository, around a copy of the content."""
        path = self.folder()
        if content:
            subprocess.run(["cp", "-a", content + "/.", path], check=True)
        self.run(path, "$STORE init -q")
        os.sync()
        return path

    def run(self, folder, command):
        return measure(f"cd {folder} && {command}", self.variables)

    def median(self, once):
        """Of what `once` returns, item by item."""
        return [statistics.median(values) for values in zip(*(once() for _ in range(self.runs)))]


def write_noise(path, size):
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))


def file_of(bench, size, name="file"):
    path = os.path.join(bench.scratch, f"{name}.{size}")
    if not os.path.exists(path):
        write_noise(path, size)
        os.sync()
    return path


def text_of(bench, size):
    """A file of `size` bytes of sources, one behind the other."""
    path = os.path.join(bench.scratch, f"text.{size}")
    if not os.path.exists(path):
        sources = corpora.make("sources", bench.corpora)
        subprocess.run(f"tar -C {sources}/before -cf - . | head -c {size} > {path}", shell=True, check=True)
    return path


def lay_out(bench, file):
    work = bench.repository()
    subprocess.run(["cp", file, work + "/file"], check=True)
    os.sync()
    return work


def plain_write(source, target):
    """Seconds to write a file's bytes, read before, in pieces of 1 MiB, and one fdatasync."""
    with open(source, "rb") as file:
        pieces = list(iter(lambda: file.read(MIB), b""))
    started = time.monotonic()
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    for number, piece in enumerate(pieces):
        os.pwrite(out, piece, number * MIB)
    os.fdatasync(out)
    seconds = time.monotonic() - started
    os.close(out)
    os.remove(target)
    return seconds


def floors(bench):
    small = corpora.make("small", bench.corpora) + "/before"
    count = 20_000

    def life():
        work = bench.repository(small)
        add, commit = (bench.run(work, f"$STORE {words}") for words in ("add -q -A", "commit -q -m x"))
        scan = bench.run(work, "$STORE status")
        return add["wall"], commit["wall"], scan["wall"], max(add["peak"], commit["peak"])

    add, commit, scan, peak = bench.median(life)
    bench.at_least("small files scanned", 1_000, count / scan, "files/s")
    bench.at_least("small files chunked, hashed, compressed and staged", 10_000, count / add, "files/s")
    bench.at_most("20,000 small files, add and commit", 60, add + commit, "s")
    bench.at_most("their commit alone", 30, commit, "s")
    bench.at_most("peak memory", 100, peak / 1e6, "MB")

    def again():
        work = lay_out(bench, file_of(bench, GIB))
        bench.run(work, "$STORE add -q -A")
        os.utime(work + "/file")
        return (bench.run(work, "$STORE add -q -A")["wall"],)

    rate = GIB / bench.median(again)[0] / 1e6
    bench.at_least("a large file chunked (read, chunked and hashed)", 500, rate, "MB/s")
    bench.at_least("a large file hashed (read, chunked and hashed)", 1_000, rate, "MB/s")


def unique(bench):
    file = file_of(bench, GIB)

    def once():
        work = lay_out(bench, file)
        ours = bench.run(work, "$STORE add -q -A")["wall"]
        return plain_write(file, os.path.join(bench.scratch, "plain")) / ours, GIB / ours / 1e6

    ratio, rate = bench.median(once)
    bench.at_least(f"P5 1 GiB of noise added ({rate:,.0f} MB/s) beside pwrite and fdatasync", 0.85, ratio)
    bench.at_least("floor: of the storage's bandwidth", 0.80, ratio)


def known(bench):
    file = file_of(bench, GIB)
    content = open(file, "rb").read()

    def once():
        work = lay_out(bench, file)
        bench.run(work, "$STORE add -q -A")
        os.utime(work + "/file")
        ours = bench.run(work, "$STORE add -q -A")["wall"]
        started = time.monotonic()
        hashlib.sha256(content).digest()
        return (time.monotonic() - started) / ours, GIB / ours / 1e9

    ratio, rate = bench.median(once)
    bench.at_least(f"P6 1 GiB read and hashed again ({rate:.1f} GB/s) beside OpenSSL SHA-256, one thread", 2.0, ratio)


def compressible(bench):
    file = text_of(bench, GIB)

    def once():
        work = lay_out(bench, file)
        ours = GIB / bench.run(work, "$STORE add -q -A")["wall"] / 1e6
        report = subprocess.run(["zstd", "-b3", "-B2097152", "-i1", file], capture_output=True, text=True, check=True)
        alone = float(re.findall(r"([\d.]+) MB/s", report.stdout + report.stderr)[0])
        return ours / (2 * alone), ours

    ratio, rate = bench.median(once)
    bench.at_least(f"P7 1 GiB of sources added ({rate:,.0f} MB/s) beside 2 × one-thread zstd -3 of 2 MiB", 0.8, ratio)


def checkout(bench):
    file = text_of(bench, GIB)
    packed = os.path.join(bench.scratch, "packed.zst")

    def once():
        work = lay_out(bench, file)
        bench.run(work, "$STORE add -q -A && $STORE commit -q -m x")
        out = bench.folder("out")
        ours = bench.run(work, f"$STORE checkout -q HEAD --out {out}/all")["wall"]
        shutil.rmtree(out + "/all")
        subprocess.run(["zstd", "-q", "-f", "-3", file, "-o", packed], check=True)
        alone = bench.run(out, f"zstd -q -d {packed} -o {out}/all && sync {out}/all")["wall"]
        return alone / ours, GIB / ours / 1e6

    ratio, rate = bench.median(once)
    bench.at_least(f"P8 1 GiB of sources checked out and verified ({rate:,.0f} MB/s) beside zstd -d and sync", 0.85, ratio)


def stored(work):
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(work + "/.store") for name in names)


def one_byte(bench):
    work = lay_out(bench, file_of(bench, GIB))
    bench.run(work, "$STORE add -q -A && $STORE commit -q -m x")
    before = stored(work)
    with open(work + "/file", "r+b") as file:
        file.seek(GIB // 2)
        byte = file.read(1)
        file.seek(GIB // 2)
        file.write(bytes([byte[0] ^ 1]))
    bench.run(work, "$STORE add -q -A && $STORE commit -q -m y")
    bench.at_most("P10 one byte of 1 GiB changed, add and commit", 256, (stored(work) - before) / 1024, "KiB")


def memory(bench):
    def peak(size):
        return bench.run(lay_out(bench, file_of(bench, size)), "$STORE add -q -A")["peak"] / MIB

    small, large = (bench.median(lambda: (peak(size),))[0] for size in (100 * MIB, 4 * GIB))
    bench.at_most("P11 peak memory, one file of 4 GiB", 64, large, "MiB")
    bench.at_most("P11 the same less that of 100 MiB", 2, large - small, "MiB")


def holes(bench):
    for size, name in ((10 * GIB, "10 GiB"), (1024 * GIB, "1 TiB")):
        def once():
            work = bench.repository()
            os.truncate(os.open(work + "/file", os.O_CREAT | os.O_WRONLY), size)
            os.sync()
            wall = bench.run(work, "$STORE add -q -A && $STORE commit -q -m x")["wall"]
            out = bench.folder("out")
            bench.run(work, f"$STORE checkout -q HEAD --out {out}/all")
            found = os.stat(f"{out}/all/file")
            return wall, found.st_blocks * 512 if found.st_size == size else -1

        wall, on_disk = bench.median(once)
        bench.at_most(f"P12 a hole of {name}, add and commit", 0.1, wall, "s")
        bench.row(f"P12 it comes back as a hole of {name}", "0 B on disk", on_disk, "B", on_disk == 0)


def threads(bench):
    sources = corpora.make("sources", bench.corpora) + "/before"

    def scaled(prepare):
        def once():
            one = bench.run(prepare(), "$STORE add -q -A -j1")["wall"]
            return (one / bench.run(prepare(), "$STORE add -q -A -j2")["wall"],)
        return bench.median(once)[0]

    def known_already():
        work = lay_out(bench, file_of(bench, GIB))
        bench.run(work, "$STORE add -q -A")
        os.utime(work + "/file")
        return work

    bench.at_least("P14 two threads beside one: a source tree", 1.8, scaled(lambda: bench.repository(sources)))
    bench.at_least("P14 two threads beside one: read and hashed again", 1.8, scaled(known_already))
    bench.at_least("P14 two threads beside one: compressible", 1.8, scaled(lambda: lay_out(bench, text_of(bench, GIB))))
    bench.at_least("P14 two threads beside one: noise (where the disk is not the limit)", 1.8,
                   scaled(lambda: lay_out(bench, file_of(bench, GIB))))


def history(bench):
    small = corpora.make("small", bench.corpora) + "/before"
    work = bench.repository(small)
    bench.run(work, "$STORE add -q -A && $STORE commit -q -m x")

    def commits(count, start):
        for number in range(start, start + count):
            with open(f"{work}/000/00000.txt", "a") as file:
                file.write(f"line {number}\n")
            bench.run(work, "$STORE add -q -A && $STORE commit -q -m y")

    commits(10, 0)
    early = bench.folder("early")
    subprocess.run(["cp", "-a", work + "/.", early], check=True)
    commits(990, 10)
    for folder in (early, work):
        bench.run(folder, "$STORE add -q -A && $STORE status")  # a copy has other stamps
    packs = [name for name in os.listdir(work + "/.store/packs") if name.endswith(".pack")]
    bench.at_most("P15 pack files after 1,000 commits of one changed file each", 32, len(packs))
    for name, words in (("log", "log -n 5"), ("cat", "cat HEAD:000/00000.txt"), ("status", "status")):
        late = statistics.median(bench.run(work, f"$STORE {words}")["wall"] / bench.run(early, f"$STORE {words}")["wall"] for _ in range(21))
        bench.at_most(f"P15 {name} after 1,000 commits beside after 10", 1.2, late)
    before = stored(work)
    bench.run(work, "$STORE repack -q")
    bench.at_most("P15 bytes before a repack beside after it", 2, before / stored(work))


def kernels(bench):
    """Of bench_micro: bytes or files a second, each beside its yardstick in the same run."""
    names = ("chunk_gear64_skip/1024", "chunk_fastcdc_naive", "sha256_in_batch/65536", "sha256_openssl/65536",
             "checkout/20000/real_time", "create_and_write/20000/real_time")
    report = subprocess.run([bench.micro, "--benchmark_repetitions=9", "--benchmark_report_aggregates_only=true", "--benchmark_format=json",
                             "--benchmark_filter=^(" + "|".join(names) + ")$"],
                            stdout=subprocess.PIPE, check=True, env=dict(os.environ, TMPDIR=bench.scratch)).stdout
    medians = {run["run_name"]: run["bytes_per_second"] for run in json.loads(report)["benchmarks"] if run["aggregate_name"] == "median"}
    chunker, naive, batch, one, restored, bare = (medians[name] for name in names)
    bench.at_least("chunking alone", 500, chunker / 1e6, "MB/s")
    bench.at_least("chunking beside a naive FastCDC loop", 2.5, chunker / naive)
    bench.at_least("SHA-256 in batches, one thread", 1.0, batch / 1e9, "GB/s")
    bench.at_least("SHA-256 in batches beside OpenSSL", 1.0, batch / one)
    bench.at_least("checkout of 20,000 small files beside creating and writing them in a loop", 1.0, restored / bare)


def cold(bench):
    """20,000 small files and a tree of sources, each first with and then without its files in the page cache."""
    def added(corpus, is_cold):
        work = bench.repository(corpora.make(corpus, bench.corpora) + "/before")
        if is_cold:
            with open("/proc/sys/vm/drop_caches", "w") as file:
                file.write("3")
        return bench.run(work, "$STORE add -q -A && $STORE commit -q -m x")["wall"]

    for corpus, name in (("small", "P2 20,000 small files"), ("sources", "a source tree")):
        def once():
            warm = added(corpus, False)
            return added(corpus, True) / warm, warm

        ratio, warm = bench.median(once)
        bench.at_most(f"{name}, add and commit, cold beside warm ({warm:.2f} s)", 1.5, ratio)


ALL = (floors, unique, known, compressible, checkout, one_byte, memory, holes, threads, history, kernels, cold)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--store", default=os.path.join(os.path.dirname(__file__), "../build/release/app/store"))
    parser.add_argument("--micro", default=os.path.join(os.path.dirname(__file__), "../build/bench/bench/bench_micro"))
    parser.add_argument("--corpora", default=os.path.join(os.path.dirname(__file__), "../build/corpora"))
    parser.add_argument("--scratch", help="where to work; default: beside the corpora")
    parser.add_argument("--json")
    options = parser.parse_args()
    known_names = {function.__name__: function for function in ALL}
    if not set(options.names) <= set(known_names):
        parser.error("NAME is one of " + ", ".join(known_names))
    wanted = options.names or list(known_names)
    if "kernels" in wanted and not os.path.isfile(options.micro):
        parser.error(f"{options.micro}: not there; cmake --preset bench && cmake --build --preset bench makes it")
    if "cold" in wanted and os.geteuid() != 0:
        parser.error("cold drops the page cache, which root may do")
    os.makedirs(options.corpora, exist_ok=True)
    options.scratch = tempfile.mkdtemp(prefix="store-goals.", dir=options.scratch or options.corpora)
    bench = Bench(options)
    bench.head()
    try:
        for name in wanted:
            known_names[name](bench)
    finally:
        shutil.rmtree(options.scratch)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(bench.rows, file, indent=1)
    return 0 if bench.all_pass() else 1


if __name__ == "__main__":
    sys.exit(main())
