#!/usr/bin/env bash
# verify --worktree: every byte is compared, nothing is written; exit 5 names what differs.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
expect_exit 4 store verify --worktree
mkdir -p d/e gone empty && echo abc >f && noise 1 400000 >big && ln -s f l && echo x >d/e/x && echo x >gone/x && echo s >same
store add -q -A && store commit -q -m 1
expect_exit 0 store --json verify --worktree
is "$(got '.result | [.differences, .failed] | tojson')" '[[],[]]'
is "$(store -C d verify --worktree HEAD)" "the working tree is what $(store log -n 1 --format '{short}') says"

# A change that no stat shows is seen.
touch -r big "$scratch/time"
printf 'Q' | dd of=big bs=1 seek=200000 conv=notrunc status=none && touch -r "$scratch/time" big
rm -r gone empty f && mkdir f && ln -sfn other l && chmod 700 d && mkdir -p new/sub && echo n >new/n && mkdir bare
before=$(find .store -printf '%p %T@ %s\n' | sort | sha256sum)
expect_exit 5 store --json verify --worktree
is "$(got '.result.differences | map([.path, .change]) | tojson')" \
  '[["bare","added"],["big","modified"],["d","modified"],["empty","deleted"],["f","typechange"],["gone/x","deleted"],["l","modified"],["new/n","added"],["new/sub","added"]]'
is "$(got '[.error.code, .error.kind] | tojson')" '[5,"verification"]'
expect_exit 5 store verify --worktree
contains "$out" 'typechange: f'
is "$(find .store -printf '%p %T@ %s\n' | sort | sha256sum)" "$before"
expect_exit 2 store verify

# What is ignored is no difference, unless the commit holds it.
mkdir -p ign/deep && echo x >ign/deep/x && mkdir -p .store/info && printf 'ign/\nsame\n' >.store/info/exclude
expect_exit 5 store --json verify --worktree
is "$(got '.result.differences | map(.path) | map(select(startswith("ign") or . == "same")) | tojson')" '[]'
echo changed >same
expect_exit 5 store --json verify --worktree
is "$(got '.result.differences | map(.path) | map(select(startswith("ign") or . == "same")) | tojson')" '["same"]'
rm -r ign .store/info/exclude
store checkout -q --force HEAD -- . && rm -r new bare && store verify --worktree -q
store init -q --bare "$scratch/b" && expect_exit 10 store --repo "$scratch/b" verify --worktree

# Progress: the first and the last state of the stage, which add up.
store --progress json verify --worktree >"$out" 2>"$err"
is "$(jq -s 'map(select(.stage == "verify")) | [length >= 2, .[-1].done, .[-1].bytes_done == .[-1].bytes_total] | tojson' -r "$err")" '[true,true,true]'
