#!/usr/bin/env bash
# What a tree of headers takes: packs and tables no more than 1.05 of what tar and zstd make of it, and the index 200 bytes a file.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

cp -r /usr/include work && cd work
files=$(find . -type f | wc -l) && at_least "$files" 1000
archive=$(tar --sort=name -cf - . | zstd -q -3 | wc -c)
store init -q && store add -q -A && store commit -q -m 1 >"$out"
at_most $(($(bytes_in .store/packs .store/tables) * 100 / archive)) 105
at_most $(($(bytes_in .store/index*) / files)) 200
