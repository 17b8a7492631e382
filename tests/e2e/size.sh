#!/usr/bin/env bash
# What a tree of headers takes: packs and tables no more than 1.05 of what tar and zstd make of it, and the index 200 bytes a file.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

cp -r /usr/include work && cd work
files=$(find . -type f | wc -l) && at_least "$files" 1000
archive=$(tar --sort=name -cf - . | zstd -q -3 | wc -c)
store init -q && store add -q -A && store commit -q -m 1 >"$out"
bytes() { find "$@" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }
at_most $(($(bytes .store/packs .store/tables) * 100 / archive)) 105
at_most $(($(bytes .store/index*) / files)) 200
