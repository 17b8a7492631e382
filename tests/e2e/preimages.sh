#!/usr/bin/env bash
# A file that holds the bytes another object is hashed from never stands in for that object.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

# No attributes: then the test can build the text of a commit.
export STORE_METADATA_TIMES=false STORE_METADATA_OWNERS=false STORE_METADATA_XATTRS=false
export STORE_METADATA_ACLS=false STORE_METADATA_HARDLINKS=false
store init -q
echo 1 >a && store add -q a && first=$(store commit -q -m 1 --author 'A <a@b>' --date @1)
tree=$(json '.result.commits[0].tree' log)
# The preimage of the commit: its id is the SHA-256 of this file.
{ printf 'store.commit.v1\0' && printf 'tree %s\nauthor A <a@b>\ntime 1 +0000\n\n1' "$tree"; } >preimage
is "$(sha256sum <preimage | cut -c 1-64)" "$first"
store add -q preimage && store commit -q -m 2 >"$out"
is "$(json '.result.commits | length' log "$first")" 1
is "$(json '.result.problems | length' fsck)" 0
cmp <(store cat HEAD:preimage) preimage

# The other way round: the file is there first.
store init -q ../other && cd ../other
cp ../work/preimage . && store add -q preimage && store commit -q -m file >"$out"
rm preimage && echo 1 >a && store add -q -A
is "$(store commit -q -m 1 --author 'A <a@b>' --date @1 --allow-empty | wc -c)" 65
is "$(json '.result.problems | length' fsck)" 0
