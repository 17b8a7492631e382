#!/usr/bin/env bash
# A kernel source tree, there and back: every file, mode and link; nothing to read the second time; a second version on top.
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

archive=$(compgen -G '/usr/src/linux-source-*.tar.xz' | head -n 1 || true)
if [[ -z $archive ]]; then skip 'needs the package linux-source-6.1'; fi
if (($(df --output=avail -m . | tail -n 1) < 4000)); then skip 'needs 4 GB of disk'; fi
tar -xf "$archive" --strip-components=1 --no-same-owner
files=$(find . -type f | wc -l) && at_least "$files" 70000

store init -q
is "$(json .result.files add -A)" "$files"
at_most "$(got .result.peak_memory_bytes)" $((100 << 20))
one=$(store commit -q -m 1)
is "$(store status --porcelain)" ''
is "$(json '.result | [.unchanged_files, .new_bytes] | tojson' add -A)" "[$files,0]"
store checkout -q HEAD --out "$scratch/one"
equal_trees . "$scratch/one"
{ listing && contents; } >"$scratch/first"

rm -rf Documentation && mv drivers/net drivers/network && sed -i '1s/^/x/' fs/*/*.c
store add -q -A && store commit -q -m 2 >"$out"
mv .store "$scratch/repository" && rm -rf "$scratch/one" "$scratch/work" && mkdir "$scratch/work" && cd "$scratch/work"
mv "$scratch/repository" .store
store checkout -q --force "$one" -- .
diff <(listing && contents) "$scratch/first"
is "$(json '.result.problems | length' fsck)" 0
