#!/usr/bin/env bash
# init in a git working tree keeps the repository out of git, in linked work trees too.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

git init -q g && cd g
mkdir -p 'sub/[x]'
expect_exit 0 store init 'sub/[x]'
grep -qx '/sub/\\\[x\\\]/.store/' .git/info/exclude
is "$(git status --porcelain)" ''
store init -q .
grep -qx '/.store/' .git/info/exclude
lines=$(wc -l <.git/info/exclude)
store init -q .
is "$(wc -l <.git/info/exclude)" "$lines"

# A linked work tree: .git is a file, the exclude file is the common one.
echo a >a && git add a && git commit -qm a
git worktree add -q ../linked
store init -q ../linked
is "$(git -C ../linked status --porcelain)" ''

# .git itself is content unless it is excluded: init says so.
git init -q ../h && expect_exit 0 store init ../h
contains "$err" .git
