#!/usr/bin/env bash
# A repository that the first version of format 1 wrote (tests/compat/v1.tar, never to be made anew) is read, verified and
# continued. It holds small and large files, zeros, a hole, symlinks, an empty directory, an odd name and two commits.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

first=8618b30e516a3c0d705a22d8d42aa5a6e2cedffefed10ab71ee33d7f2c7cf9b8
second=cbc4a5c27cc712545bfd99ee823d5fe7ec71deb838c8cd523e03a911d815cc29
tar -xf "$here/tests/compat/v1.tar" && mv repo .store

store fsck
is "$(store log --format '{id} {author} {meta.build} {subject}')" \
  "$second A U Thor <author@example.org> 17 second commit
$first A U Thor <author@example.org>  first commit"
digest() { (cd "$1" && { listing; contents; } | sha256sum | cut -c1-64); }
store checkout -q "$first" --out one
is "$(digest one)" d096726148adf068a1194ce6433e8d5123ce96c637f4e5514ae3e4661e755535
store checkout -q main --out two
is "$(digest two)" df9ed524a5faa19fcd8ec5d1b1751b2362de240750954c713531ac4324b5afaf
rm -rf one two

# The index goes with it: after a checkout of the branch nothing is changed, and an add stores nothing known again.
store checkout -q --force main -- .
is "$(store status --porcelain)" ""
cp docs/numbers.txt copy
is "$(json .result.new_chunks add copy)" 0
store commit -q -m third
store fsck
