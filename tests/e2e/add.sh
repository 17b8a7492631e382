#!/usr/bin/env bash
# add stages what is below the paths, deletions too; -A, -u, no path.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

staged() { json '.result.staged[] | .change[0:1] + " " + .path' status | sort | paste -sd ,; }

store init -q
mkdir -p d/e empty && echo 1 >a && echo 2 >d/b && echo 3 >d/e/c && ln -s nowhere l
is "$(json .result.files add d)" 2
is "$(staged)" 'a d/b,a d/e/c'
is "$(json '.result | [.files, .symlinks, .failed] | tojson' add -A)" '[3,1,[]]'
is "$(staged)" 'a a,a d/b,a d/e/c,a empty,a l'
store commit -qm one >"$out"

rm -r d/e && echo 22 >d/b && echo new >n && rm a
is "$(staged)" ''
store add -q -u
is "$(staged)" 'd a,d d/e/c,m d/b'
store add -q d
expect_exit 2 store add
expect_exit 2 store add -A -u
(cd d && store add -q -A)
is "$(staged)" 'a n,d a,d d/e/c,m d/b'
store commit -qm two >"$out"

# All paths are resolved first: one that is nowhere stages nothing.
echo x >x
expect_exit 4 store --json add x nowhere
is "$(got .error.code)" 4
is "$(staged)" ''
expect_exit 2 store add ../outside
expect_exit 2 store add "$scratch"
expect_exit 0 store add 'x*'
is "$(staged)" 'a x'
