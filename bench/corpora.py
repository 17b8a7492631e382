#!/usr/bin/env python3
"""Builds what the benchmarks run on, out of public Debian packages and a fixed seed: each corpus is DIR/NAME/before, and DIR/NAME/after
is its next version.

    bench/corpora.py DIR [NAME…]        all of them without a NAME; what is there already stays

    sources  a kernel tree, the oldest and the newest version that Debian has of it
    small    20,000 files of 1 to 10 KB, cut out of these sources; 1 % of them get a line more
    image    a root file system as one raw ext4 image, before and after packages were unpacked into it (as root)
    media    packages as they come: nothing in them can be compressed; one more afterwards
    builds   what a build of this program leaves behind, twenty commits ago and now
    tables   a CSV file and an SQLite database, before and after rows were inserted all over them
    sparse   a file of 2 GiB with 64 MiB of data in it, one MiB of which changes
    noise    a file of 1 GiB that nothing compresses, one byte of which changes

A folder is made under another name and renamed when it is whole. tools/packages.sh bench installs what this needs.
"""
import csv, glob, os, random, shutil, sqlite3, subprocess, sys

MIB = 1 << 20
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = "linux-source-6.1"
MEDIA = ["libllvm14", "llvm-14-dev", "libclang-14-dev", "linux-headers-amd64", "gcc-12", "libstdc++-12-dev", "git", "emacs-common"]
MEDIA_LATER = ["llvm-14"]
IMAGE_LATER = ["perl", "git", "vim", "vim-runtime", "python3.11-minimal", "libpython3.11-stdlib"]


def run(*command, folder=None, **variables):
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, **variables))


def versions_of(package):
    """Oldest first."""
    lines = subprocess.run(["apt-cache", "madison", package], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split("|")[1].strip() for line in lines][::-1]


def download(packages, folder):
    os.makedirs(folder, exist_ok=True)
    run("apt-get", "-qq", "download", *packages, folder=folder)


def sources(before, after, _):
    versions = versions_of(SOURCES)
    for folder, version in ((before, versions[0]), (after, versions[-1])):
        unpacked = folder + ".package"
        download([f"{SOURCES}={version}"], unpacked)
        run("dpkg-deb", "-x", *glob.glob(f"{unpacked}/*.deb"), unpacked)
        os.mkdir(folder)
        run("tar", "-xf", f"{unpacked}/usr/src/{SOURCES}.tar.xz", "-C", folder, "--strip-components=1")
        shutil.rmtree(unpacked)


def small(before, after, corpora):
    rng = random.Random(20_000)
    text = bytearray()
    for name in sorted(glob.glob(os.path.join(make("sources", corpora), "before/fs/**/*.c"), recursive=True)):
        with open(name, "rb") as file:
            text += file.read()
    at = 0
    for number in range(20_000):
        size = rng.randrange(1_000, 10_001)
        folder = f"{before}/{number % 200:03}"
        os.makedirs(folder, exist_ok=True)
        at = (at + size) % (len(text) - 20_000)
        with open(f"{folder}/{number:05}.txt", "wb") as file:
            file.write(f"{number}\n".encode() + text[at:at + size])
    shutil.copytree(before, after)
    for number in rng.sample(range(20_000), 200):
        with open(f"{after}/{number % 200:03}/{number:05}.txt", "ab") as file:
            file.write(b"changed\n")


def image(before, after, _):
    root, mount = before + ".root", before + ".mount"
    run("debootstrap", "--variant=minbase", "bookworm", root)
    os.mkdir(before)
    run("mke2fs", "-q", "-t", "ext4", "-d", root, f"{before}/root.img", "2G")
    shutil.rmtree(root)
    os.mkdir(after)
    run("cp", "--sparse=always", f"{before}/root.img", f"{after}/root.img")
    download(IMAGE_LATER, mount + ".packages")
    os.mkdir(mount)
    run("mount", "-o", "loop", f"{after}/root.img", mount)
    try:
        for package in sorted(glob.glob(f"{mount}.packages/*.deb")):
            run("dpkg-deb", "-x", package, mount)
    finally:
        run("umount", mount)
    shutil.rmtree(mount + ".packages")
    os.rmdir(mount)


def media(before, after, _):
    download(MEDIA, before)
    shutil.copytree(before, after)
    download(MEDIA_LATER, after)


def builds(before, after, _):
    for folder, revision in ((before, "HEAD~20"), (after, "HEAD")):
        checkout = folder + ".checkout"
        run("git", "-C", PROJECT, "worktree", "add", "--detach", checkout, revision)
        run("cmake", "--preset", "release", folder=checkout)
        run("cmake", "--build", "--preset", "release", "--target", "store", folder=checkout)
        shutil.move(f"{checkout}/build/release", folder)
        run("git", "-C", PROJECT, "worktree", "remove", "--force", checkout)


def rows(count, rng):
    return [(number, rng.randrange(10**9), f"name {rng.randrange(10**6)}", rng.random()) for number in range(count)]


def tables(before, after, _):
    rng = random.Random(300_000)
    first = rows(600_000, rng)
    more = {rng.randrange(len(first)) for _ in range(200)}
    later = [row for at, old in enumerate(first) for row in ([old, (10**7 + at, 1, "inserted", 0.5)] if at in more else [old])]
    for folder, content in ((before, first), (after, later)):
        os.mkdir(folder)
        with open(f"{folder}/rows.csv", "w", newline="") as file:
            csv.writer(file).writerows(content)
    with sqlite3.connect(f"{before}/rows.sqlite") as database:
        database.execute("create table rows (id integer primary key, a integer, b text, c real)")
        database.execute("create index by_b on rows (b)")
        database.executemany("insert into rows values (?, ?, ?, ?)", first)
    database.close()
    shutil.copy(f"{before}/rows.sqlite", after)
    with sqlite3.connect(f"{after}/rows.sqlite") as database:
        database.executemany("update rows set a = a + 1 where id = ?", [(at,) for at in sorted(more)])
        database.executemany("insert into rows values (?, ?, ?, ?)", [(10**7 + at, 1, "inserted", 0.5) for at in sorted(more)])
    database.close()


def sparse(before, after, _):
    rng = random.Random(64)
    pieces = [rng.randrange(2048) * MIB for _ in range(64)]
    for folder in (before, after):
        os.mkdir(folder)
        with open(f"{folder}/disk.img", "wb") as file:
            for number, at in enumerate(pieces):
                file.seek(at)
                file.write(random.Random(number + (1000 if folder == after and number == 7 else 0)).randbytes(MIB))
            file.truncate(2048 * MIB)


def noise(before, after, _):
    rng = random.Random(1024)
    os.mkdir(before)
    with open(f"{before}/noise", "wb") as file:
        for _ in range(1024):
            file.write(rng.randbytes(MIB))
    shutil.copytree(before, after)
    with open(f"{after}/noise", "r+b") as file:
        file.seek(512 * MIB)
        byte = file.read(1)[0]
        file.seek(512 * MIB)
        file.write(bytes([byte ^ 1]))


CORPORA = {make.__name__: make for make in (sources, small, image, media, builds, tables, sparse, noise)}


def make(name, folder):
    """The corpus' folder."""
    corpus = os.path.join(os.path.abspath(folder), name)
    if os.path.isdir(corpus):
        return corpus
    unfinished = corpus + ".unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    os.makedirs(unfinished)
    CORPORA[name](f"{unfinished}/before", f"{unfinished}/after", folder)
    os.rename(unfinished, corpus)
    return corpus


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-") or not set(sys.argv[2:]) <= set(CORPORA):
        sys.exit(__doc__)
    for name in sys.argv[2:] or CORPORA:
        print(make(name, sys.argv[1]), flush=True)


if __name__ == "__main__":
    main()
