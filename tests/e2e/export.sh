#!/usr/bin/env bash
# export: tar and bsdtar read what comes out, the same commit gives the same bytes, and names of every kind survive.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p t/d/e t/empty
noise 1 3000000 >t/d/large && words 2 500000 >t/text && head -c 3000000 /dev/zero >t/zeros && : >t/nothing && echo s >t/d/e/small
ln -s ../nowhere t/d/link && ln -s "$(printf 'x%.0s' {1..300})" t/longlink && mkfifo t/fifo
chmod 4750 t/d/e/small && chmod 1777 t/empty && chmod 500 t/nothing
long=$(printf 'n%.0s' {1..200}) && mkdir -p "t/$long/$long" && echo long >"t/$long/$long/$long"
hundred=$(printf 'h%.0s' {1..100}) && echo h >"t/$hundred" && mkdir "t/d/$hundred" && echo h >"t/d/$hundred/$hundred"
echo u >t/$'\303\274n\303\257' && echo b >t/$'bytes\377here' && echo n >t/$'new\nline' && echo B >"t/$long/"$'\377'
ln t/text t/d/hard && touch -d '2001-02-03 04:05:06.789012345' t/text t/empty t/zeros && touch -h -d '1969-12-31 23:59:58.5' t/d/link
store add -q -A
store commit -q -m 1 --date @1600000000 >"$out"

is "$(json '.result | [.files, .bytes] | tojson' export HEAD -o all.tar)" "[$(find t -type f -printf . | wc -c),$(bytes_in t)]"
mkdir gnu && tar -C gnu -xpf all.tar 2>"$err"
equal_trees t gnu/t
times() { (cd "$1" && find . -mindepth 1 -printf '%p %T@ %U:%G\0' | sort -z); }
cmp <(times t) <(times gnu/t)
is "$(stat -c %h gnu/t/text)" 2
if command -v bsdtar >"$out"; then
  mkdir bsd && bsdtar -C bsd -xpf all.tar
  equal_trees t bsd/t
  is "$(stat -c '%y %h' bsd/t/text)" "$(stat -c '%y %h' t/text)"
fi
python3 -c 'import tarfile; print(len(tarfile.open("all.tar", errors="surrogateescape").getmembers()))' >"$out"
is "$(<"$out")" "$(find t -printf . | wc -c)"

# Standard output, threads and repetition change nothing; zstd by the name.
store export -o - | cmp - all.tar
for jobs in 1 4; do store -j $jobs export HEAD -o - | cmp - all.tar; done
expect_exit 0 store export -o all.tar.zst
zstd -qdc all.tar.zst | cmp - all.tar
cp all.tar.zst first.zst && store -q export -o all.tar.zst && cmp all.tar.zst first.zst
# And back again: the same tree.
store export HEAD:t -o - | store add -q --tar - --prefix back
store commit -q -m 2 >"$out"
is "$(json '[.result.entries[] | select(.path == "t" or .path == "back") | .id | length] | tojson' ls)" '[64,64]'
is "$(json '.result.entries | map(select(.path == "t" or .path == "back") | .id) | unique | length' ls)" 1

# A directory, one file, one link.
is "$(store export HEAD:t/d -o - | tar -t --quoting-style=literal | sed -n 1,2p | paste -sd ' ')" 'e/ e/small'
store export HEAD:t/text -o - | tar -xO text | cmp - t/text
is "$(store export HEAD:t/d/link -o - | tar -tv | sed 's/.*link/link/')" 'link -> ../nowhere'
is "$(store export HEAD:t/empty -o - | wc -c)" 10240
# A link to what is not in the archive is a file of its own; members without times have the commit's.
store export HEAD:t/d -o - | tar -xO hard | cmp - t/text
store --config metadata.times=false commit -q -m 3 --allow-empty --date @1500000000 >"$out"
is "$(store export HEAD:t/text -o - | tar -tv --full-time --utc | grep -o '2017-07-14 02:40:00')" '2017-07-14 02:40:00'
# A file that is there is replaced only by a complete one.
cp all.tar before.tar
expect_exit 4 store export HEAD:t/none -o all.tar
cmp all.tar before.tar
expect_exit 2 store --json export -o -
expect_exit 2 store export
expect_exit 2 store export -o all.tar.gz
expect_exit 2 store export :t -o x.tar
expect_exit 4 store export nowhere -o x.tar
[[ ! -e x.tar ]]
# Damage is found before its bytes are sent.
find .store/packs -name '*.pack' -exec sh -c 'for p; do s=$(stat -c %s "$p"); printf "\377\377\377\377" | dd of="$p" bs=1 seek=$((s / 2)) conv=notrunc status=none; done' sh {} +
expect_exit 6 store export HEAD -o all.tar
cmp all.tar before.tar
# In a bare repository.
cd "$scratch" && store init -q --bare b && cd b
expect_exit 4 store export -o -
