#!/usr/bin/env bash
# Excludes hide untracked files only; what is tracked stays tracked.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

staged() { store --json status | jq -c '.result.staged | map(.path)'; }

store init -q
mkdir -p d cache other && echo 1 >d/a.o && echo 2 >d/a.c && echo 3 >b.tmp && noise 1 5000 >big
printf 'Signature: 8a477f597d28d172789f06886806bc55\n' >cache/CACHEDIR.TAG && echo x >cache/x && echo 5 >other/f
printf '# a comment\n*.tmp\n' >"$scratch/patterns"
store add -q -A --exclude '*.o' --exclude-from "$scratch/patterns" --exclude-caches --exclude-larger-than 4K
is "$(staged | jq -c 'map(select(startswith("cache") | not))')" '["d/a.c","other/f"]'
is "$(staged | jq 'index("cache/x")')" null
expect_exit 2 store add -A --exclude-larger-than -1
expect_exit 2 store add -A --exclude-larger-than x
store add -q -A
store commit -qm all >"$out"
echo 11 >d/a.o
store add -q -A --exclude '*.o'
is "$(staged)" '["d/a.o"]'
