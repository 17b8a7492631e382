#!/usr/bin/env bash
# checkout --out: whole, a path, a subtree; continues, keeps, refuses differing files; bare and read-only repositories.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p d/e && echo 1 >a && echo 2 >d/e/f && noise 1 300000 >d/big && ln -s big d/l && mkdir d/empty && chmod 700 d/e
store add -q -A && store commit -q -m 1 >"$out"
o=$scratch/o
is "$(json '.result | [.written > 0, .kept, .removed] | tojson' checkout HEAD --out "$o/all")" '[true,0,0]'
equal_trees . "$o/all"
store checkout -q HEAD --out "$o/path" -- d/e
equal_trees d/e "$o/path/d/e"
[[ ! -e $o/path/a && ! -e $o/path/d/big ]]
store checkout -q HEAD -- d/e --out "$o/tail"
equal_trees d/e "$o/tail/d/e"
store checkout -q HEAD:d --out "$o/sub"
equal_trees d "$o/sub"
is "$(store status --porcelain)" ''

# Again: equal files are kept, missing ones written, others left alone, differing ones refused before anything happens.
rm "$o/all/d/big" && echo other >"$o/all/other"
is "$(json '.result | [.written, .bytes] | tojson' checkout HEAD --out "$o/all")" '[1,300000]'
cmp d/big "$o/all/d/big"
is "$(cat "$o/all/other")" other
echo differs >"$o/all/a" && rm "$o/all/d/e/f"
expect_exit 7 store --json checkout HEAD --out "$o/all"
is "$(got '.error.paths | tojson')" '["a"]'
[[ ! -e $o/all/d/e/f ]]
store checkout -q --force HEAD --out "$o/all"
is "$(cat "$o/all/a" "$o/all/d/e/f")" $'1\n2'

# What a killed one left goes; the user's own files stay.
echo mine >"$o/all/.store-tmp-notes" && echo left >"$o/all/d/.store-tmp-0123456789abcdef"
store checkout -q HEAD --out "$o/all"
is "$(cat "$o/all/.store-tmp-notes")" mine
[[ ! -e $o/all/d/.store-tmp-0123456789abcdef ]]

chmod -R a-w .store
chmod 777 "$o" && need_nobody
as_nobody env STORE_SAFE_DIRECTORY='*' store checkout -q HEAD --out "$o/read-only"
equal_trees . "$o/read-only"

# What is in the way out there cannot be committed.
store checkout -q HEAD --out "$scratch/way" && find "$scratch/way" -type f -exec sh -c 'echo other >"$1"' sh {} \;
expect_exit 7 store checkout HEAD --out "$scratch/way"
contains "$err" 'try: another DIR, or overwrite them with --force'
