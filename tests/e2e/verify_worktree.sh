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

# An ordinary user: what he may not read is not known to differ; set-id bits of another owner, which his checkout does not try, do not.
[[ $EUID == 0 ]] || skip 'handing a repository over needs root'
need_nobody
cd "$scratch" && mkdir theirs && chmod 755 theirs && cd theirs
store init -q && mkdir shared && echo x >setuid && echo x >open && echo x >closed && echo y >shared/f
chmod 4755 setuid && chmod 2775 shared && chmod 000 closed && chown 5:6 setuid shared
store add -q -A && store commit -q -m 1 >"$out" && rm -rf setuid shared open closed .store/index.* && chown -R 65534:65534 .
nobodys() { as_nobody env HOME=/nonexistent "$scratch/bin/store" "$@"; }
expect_exit 0 nobodys checkout HEAD -- .
is "$(nobodys status --porcelain)" ''
is "$(stat -c %a setuid)" 755
expect_exit 3 nobodys --json verify --worktree
is "$(got '[.result.differences, (.result.failed | map(.path)), .error.kind] | tojson')" '[[],["closed"],"partial"]'
as_nobody chmod 700 setuid && as_nobody chmod 2755 shared
expect_exit 5 nobodys --json verify --worktree
is "$(got '[.result.differences[].path, .result.failed[].path] | tojson')" '["setuid","shared","closed"]'
