#!/usr/bin/env bash
# The free space is compared with what a checkout takes before its first byte: holes and further names of a hard link take nothing,
# written zeros do.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

small_disk 12M "$scratch/disk"
# refused / fits: a checkout to the small disk.
refused() {
  expect_exit 9 store --json checkout HEAD --out "$scratch/disk/o"
  is "$(got .error.kind)" no_space
  is "$(find "$scratch/disk/o" -type f | wc -l)" 0
}
fits() {
  expect_exit 0 store checkout HEAD --out "$scratch/disk/o"
  equal_trees . "$scratch/disk/o"
  rm -r "$scratch/disk/o"
}
commit() { store commit -q -A --allow-empty -m x >"$out"; }

store init -q && truncate -s 20M file && echo end >>file && commit
fits
# The same content, written: the tree is the same, the attributes are not.
rm file && head -c 20M /dev/zero >file && echo end >>file && commit
refused
contains "$out" "$scratch/disk/o: 20.0 MiB (20975616 bytes) are needed"
rm file && noise 1 7000000 >file && mkdir d && ln file d/link && commit
fits
rm d/link && cp file d/link && commit
refused
# Without attributes a run of zeros comes back as a hole.
rm d/link && head -c 20M /dev/zero >file
store --config=metadata.times=false --config=metadata.owners=false --config=metadata.xattrs=false --config=metadata.acls=false \
  --config=metadata.hardlinks=false commit -q -A -m x >"$out"
fits
