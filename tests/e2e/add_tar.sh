#!/usr/bin/env bash
# add --tar: members become entries of the same content, kind and permission bits, whatever dialect the archive is in.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p src/d/e src/empty
noise 1 300000 >src/d/large
echo small >src/d/e/small && : >src/nothing
ln src/d/large src/hard && ln src/d/large src/d/hard2
ln -s ../nowhere src/d/link && ln -s "$(printf 'x%.0s' {1..150})" src/longlink
mkfifo src/fifo
chmod 4750 src/d/e/small && chmod 1777 src/empty && chmod 500 src/nothing
long=$(printf 'n%.0s' {1..120}) && mkdir "src/$long" && echo long >"src/$long/$long"
echo u >src/$'\303\274n\303\257' && echo b >src/$'bytes\377here' && echo n >src/$'new\nline'
expect_exit 0 store add src

for format in gnu pax oldgnu; do
  tar -C src --format=$format -cf - . | store add -q --tar - --prefix in-$format
done
for packed in gzip bzip2 xz zstd; do
  command -v $packed >"$out" || continue
  tar -C src -c . | $packed >src.tar.$packed
  expect_exit 0 store add --tar src.tar.$packed --prefix in-$packed
done
rm src.tar.*
store commit -q -m 0 >"$out"
is "$(json '.result.entries | length > 4' ls)" true
is "$(json '.result.entries | map(.id) | unique | length' ls)" 1

# Times and owners come along.
touch -d '2002-03-04 05:06:07.25' src/d/large
tar -C src --format=pax --owner=someone:4711 --group=some:4712 -c d/large | store --repo . save --tar - -b meta -m m >"$out"
store export meta -o - | tar -tv --full-time --utc >"$out"
contains "$out" 'someone/some'
contains "$out" '05:06:07.25'

# Figures; two archives at once; relative to the current directory.
tar -C src -cf a.tar d && tar -C src -cf b.tar empty longlink
mkdir here && cd here
is "$(json '.result | [.files, .directories, .symlinks, .new_chunks] | tojson' add --tar ../a.tar --tar ../b.tar --prefix x)" '[3,3,2,0]'
cd ..
is "$(json '[.result.entries[].path] | join(" ")' ls :here/x)" 'here/x/d here/x/empty here/x/longlink'
store commit -q -m 1 >"$out"
store checkout -q --out "$scratch/o" HEAD:in-gnu
equal_trees src "$scratch/o"
is "$(store status --porcelain | sort)" "$(printf '?? a.tar\n?? b.tar')"

# Hard links of an archive are links of what comes out, as those of files are; and in the archive that goes out again.
for branch in in here; do
  if [[ $branch == here ]]; then tar -C src -c . | store save --tar - --prefix p -b here -m 1 -q >"$out"; rev=here:p; else rev=HEAD:in-pax; fi
  store checkout -q --out "$scratch/links-$branch" "$rev"
  is "$(stat -c %h "$scratch/links-$branch"/{hard,d/large,d/hard2,d/e/small} | tr '\n' ' ')" '3 3 3 1 '
  is "$(stat -c %i "$scratch/links-$branch"/{hard,d/large,d/hard2} | uniq | wc -l)" 1
done
is "$(store export here:p -o - | tar -tv | grep -c ' link to ')" 2
tar -C src -c . | store --config metadata.hardlinks=false save --tar - --prefix p -b unlinked -m 1 -q >"$out"
store checkout -q --out "$scratch/unlinked" unlinked:p
is "$(stat -c %h "$scratch/unlinked/hard")" 1

# The last member of a name counts; a file may become a folder and the reverse.
python3 - >twice.tar <<'END'
import io, sys, tarfile
tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
def put(name, content=None, kind=tarfile.REGTYPE, link="", mode=0o644):
    info = tarfile.TarInfo(name); info.type = kind; info.linkname = link; info.mode = mode
    info.size = len(content or b"")
    tar.addfile(info, io.BytesIO(content or b""))
put("a", b"one"); put("h", kind=tarfile.LNKTYPE, link="a"); put("a", b"two")
put("l1", kind=tarfile.LNKTYPE, link="a"); put("l2", kind=tarfile.LNKTYPE, link="l1")
put("f", b"file"); put("f/below", b"below"); put("g/below", b"gone"); put("g", b"file")
put("/abs//./x", b"abs"); put("p/q", b"q"); put("p", kind=tarfile.DIRTYPE, mode=0o700)
tar.close()
END
expect_exit 0 store add --tar twice.tar --prefix t
for pair in a=two h=one l1=two l2=two f/below=below g=file abs/x=abs p/q=q; do is "$(store cat ":t/${pair%=*}")" "${pair#*=}"; done
is "$(json '.result.entries[] | select(.path == "t/p") | .mode' ls :t)" 0700
expect_exit 4 store cat :t/g/below

# Refused, with nothing staged: names that lead out or are a repository's, what is there, damaged and empty archives.
cp .store/index.log "$scratch/before"
one() { python3 -c 'import io, sys, tarfile
tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
info = tarfile.TarInfo("fine"); info.size = 1; tar.addfile(info, io.BytesIO(b"1"))
info = tarfile.TarInfo(sys.argv[1]); info.size = 1; tar.addfile(info, io.BytesIO(b"1"))
tar.close()' "$1" >one.tar; }
for name in ../out a/../../out .store/config x/.STORE "$(printf 'n%.0s' {1..256})"; do
  one "$name"
  expect_exit 2 store add --tar one.tar
done
one src/nothing
expect_exit 7 store --json add --tar one.tar
is "$(got '.error.paths[]')" src/nothing
head -c 100000 a.tar >cut.tar
expect_exit 3 store --json add --tar cut.tar --prefix cut
is "$(got '.result.failed | map(.path) | tojson')" '["cut.tar"]'
expect_exit 3 store add --tar /dev/null
expect_exit 3 store add --tar src/d/large
expect_exit 3 store add --tar nowhere.tar
cmp .store/index.log "$scratch/before"
# A link to what is not in the archive is left out and named, the rest is staged.
python3 -c 'import io, sys, tarfile
tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
info = tarfile.TarInfo("lost"); info.type = tarfile.LNKTYPE; info.linkname = "elsewhere"; tar.addfile(info)
info = tarfile.TarInfo("kept"); info.size = 1; tar.addfile(info, io.BytesIO(b"1"))
tar.close()' >lost.tar
expect_exit 3 store --json add --tar lost.tar --prefix lost
is "$(got '.result.failed | map(.path) | tojson')" '["lost/lost"]'
is "$(store cat :lost/kept)" 1
# Exclusions hold for members too.
expect_exit 0 store add --tar a.tar --prefix ex --exclude e/ --exclude 'lin*'
is "$(json '[.result.entries[].path] | join(" ")' ls -r :ex)" 'ex/d ex/d/hard2 ex/d/large'

# A member where a named stream goes, above or below it: refused.
mkdir -p "$scratch/meet/f" && echo g >"$scratch/meet/f/g"
tar -cf "$scratch/below.tar" -C "$scratch/meet" f
rm -r "$scratch/meet/f" && echo f >"$scratch/meet/f" && tar -cf "$scratch/same.tar" -C "$scratch/meet" f
for pair in 'below f' 'same f' 'same f/g'; do
  read -r archive name <<<"$pair"
  expect_exit 2 store save -b meet -m x --tar "$scratch/$archive.tar" --exec "$name" -- echo AAA
  contains "$err" "$name"
done
expect_exit 4 store log meet
expect_exit 0 store save -b meet -m x --tar "$scratch/below.tar" --exec f/h -- echo AAA
is "$(json '.result.problems | length' fsck)" 0

# Names are bytes, in every dialect: two that Unicode calls equal are two. And times before 1970 have fractions, too.
mkdir "$scratch/nfc" && cd "$scratch/nfc"
echo composed >$'caf\xc3\xa9' && echo decomposed >$'cafe\xcc\x81' && ln -s $'cafe\xcc\x81' link && touch -h -d @-4.5 link $'cafe\xcc\x81'
for format in posix gnu; do
  tar --format=$format -cf "$scratch/$format.tar" -- *
  store -C "$scratch/work" save -q --tar "$scratch/$format.tar" -b nfc-$format -m x >"$out"
  store -C "$scratch/work" checkout -q nfc-$format --out "$scratch/nfc-$format"
  diff -r . "$scratch/nfc-$format"
done
is "$(stat -c %.9Y "$scratch/nfc-posix/link")" -4.500000000
