#!/usr/bin/env bash
# Access control lists, extended attributes of every size and holes, through archives: what GNU tar and bsdtar write comes in, what
# export writes comes back out of both.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

for tool in getfacl setfacl getfattr setfattr bsdtar; do
  command -v $tool >"$out" || skip "$tool is missing (tools/packages.sh)"
done
mkdir -p t/d/sub
{ setfattr -n user.small -v x t && setfacl -m u:4711:r t; } 2>"$err" || skip 'no extended attributes here'
echo a >t/a && echo b >t/d/b && echo c >t/trivial && chmod 640 t/trivial
# The group's bits are the mask, which says more, or less, than the group itself may.
setfacl -m u:1234:r,g:5678:rwx t/a
setfacl -m u:daemon:rx,g::rwx,m::r t/d/b
setfacl -m u:99:x,d:u:daemon:rwx,d:g:4242:r t/d
text() { head -c "$1" /dev/zero | tr '\0' "$2"; }
setfattr -n user.inline -v "$(text 256 i)" t/a
setfattr -n user.chunk -v "$(text 257 c)" t/a
setfattr -n user.large -v "$(text 2500 l)" t/d/b
setfattr -n user.bytes -v 0x0001ff0a3d25 t/d/b
setfattr -n user.empty t/d/b
python3 -c 'import os
for i in range(12): os.setxattr("t/d/sub", "user.n%d" % i, b"v" * 200)'
truncate -s 64M t/sparse && noise 1 4096 | dd of=t/sparse bs=4K seek=5000 conv=notrunc status=none
truncate -s 3M t/hole && truncate -s 1000001 t/odd && truncate -s 60000 t/inline
long=$(text 150 n) && cp --sparse=always t/sparse "t/d/$long" && cp --sparse=always t/sparse t/$'bytes\377here'
python3 -c 'f = open("t/holes", "wb")
for i in range(40): f.seek(i * 999999); f.write(bytes([i + 1]) * 300001)
f.truncate(40 * 999999 + 5)
f = open("t/fine", "wb")
for i in range(200): f.seek(i * 12288); f.write(bytes([i + 1]) * 4096)
f.truncate(200 * 12288 + 100)
f = open("t/small", "wb"); f.seek(20000); f.write(b"x"); f.truncate(60000)'
head -c 1M /dev/zero >t/written

sorted() { find . ! -type l -print0 | LC_ALL=C sort -z; }
lists() { (cd "$1" && sorted | xargs -0 getfacl -n -- && sorted | xargs -0 getfattr -h -d -m '^user' -e hex --); }
# same DIR: what there is of t, with its holes.
same() {
  equal_trees t "$1"
  diff <(lists t) <(lists "$1") >&2
  local name
  for name in sparse hole odd inline small fine $'bytes\377here' "d/$long"; do
    at_most "$(du -k "$1/$name" | cut -f1)" "$(du -k "t/$name" | cut -f1)"
  done
  at_least "$(du -k "$1/written" | cut -f1)" 1024
}

store init -q
store add -q t
store commit -q -m 1 >"$out"
store export -o all.tar >"$out"
at_most "$(stat -c %s all.tar)" 22000000
for jobs in 1 4; do store -j $jobs export -o - | cmp - all.tar; done
mkdir gnu bsd python
tar --xattrs --acls -C gnu -xpf all.tar 2>"$err"
same gnu/t
bsdtar -C bsd -xpf all.tar
same bsd/t
python3 -c 'import tarfile; tarfile.open("all.tar", errors="surrogateescape").extractall("python")'
diff -r t python/t
store export HEAD:t/sparse -o - | tar -xO | cmp - t/sparse

tar --xattrs --acls -cSf gnu.tar t
bsdtar -cf bsd.tar t 2>"$err"
for archive in all gnu bsd; do
  is "$(json '.result | [.new_chunks, (.failed | length)] | tojson' save --tar $archive.tar -b from-$archive -m 1)" '[0,0]'
  is "$(json .result.entries[0].id ls "from-$archive")" "$(json .result.entries[0].id ls HEAD)"
  store checkout -q "from-$archive" --out "$scratch/out-$archive"
  same "$scratch/out-$archive/t"
  store export "from-$archive" -o again.tar -q
  tar -C gnu --recursive-unlink -xpf again.tar --xattrs --acls 2>"$err"
  same gnu/t
done
# add takes them, too, and what is in the index is what is committed.
store add -q --tar gnu.tar --prefix in
store commit -q -m 2 >"$out"
store checkout -q HEAD:in/t --out "$scratch/added"
same "$scratch/added"
is "$(json '.result.problems | length' fsck)" 0
# Turned off, nothing of them is kept.
store --config metadata.acls=false --config metadata.xattrs=false save -q --tar gnu.tar -b bare -m 1 >"$out"
store checkout -q bare --out "$scratch/bare"
is "$(cd "$scratch/bare/t" && getfattr -R -d -m - . && getfacl -pR --skip-base .)" ''

# member NAME [KEY VALUE]…: an archive of one file with pax records.
member() {
  python3 -c 'import io, sys, tarfile
tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)
info = tarfile.TarInfo(sys.argv[1]); info.size = 1
info.pax_headers = dict(zip(sys.argv[2::2], sys.argv[3::2]))
tar.addfile(info, io.BytesIO(b"1")); tar.close()' "$@"
}
base=user::rw-,group::r--,other::r--
# A list that cannot be taken over is named; its member is there all the same.
for list in "$base,user:no_such_user:r--,mask::r--" nonsense; do
  member f SCHILY.acl.access "$list" >one.tar
  expect_exit 3 store --json add --tar one.tar --prefix odd
  is "$(got '.result.failed | map(.path) | tojson')" '["odd/f"]'
  contains "$out" 'access'
  is "$(store cat :odd/f)" 1
done
# A number beside a name is used where the name is unknown; a missing mask is made.
member f SCHILY.acl.access "$base,user:no_such_user:rw-:4711" >one.tar
expect_exit 0 store save --tar one.tar -b star -m 1
store checkout -q star --out "$scratch/star"
is "$(getfacl -pnc "$scratch/star/f" | paste -sd ' ')" 'user::rw- user:4711:rw- group::r-- mask::rw- other::r-- '
# An attribute that no file can have is named.
member f SCHILY.xattr.user.a "$(text 70000 a)" SCHILY.xattr.user.b "$(text 5000 b)" >one.tar
expect_exit 3 store --json save --tar one.tar -b large -m 1
is "$(got '.result.failed | map(.path) | tojson')" '["f"]'
contains "$out" 'user.a'
# Names that a key cannot hold as they are: GNU tar's way.
mkdir u && setfattr -n 'user.100%=a%3D' -v x u
tar --xattrs -cf u.tar u && store save -q --tar u.tar -b escaped -m 1 >"$out"
store export escaped -o - | tar --xattrs -C gnu -x
is "$(cd gnu && getfattr -d u | sed -n 2p)" "$(getfattr -d u | sed -n 2p)"
# A hole is stepped over, not read.
truncate -s 1T huge && tar -cSf huge.tar huge
is "$(json '.result | [.bytes, .new_bytes] | tojson' save --tar huge.tar -b hollow -m 1)" '[1099511627776,0]'
is "$(json .result.bytes export hollow -o out.tar)" 1099511627776
at_most "$(stat -c %s out.tar)" 10240
