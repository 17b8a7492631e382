#!/usr/bin/env bash
# du and log --growth: sizes, and what no earlier commit holds; figures from what was put in.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
expect_exit 4 store du
mkdir -p a/deep b empty && noise 1 300000 >a/deep/big && noise 2 1000 >a/small && noise 3 2000 >b/x && ln -s x b/l
store add -q -A && store commit --json -m 1 >"$scratch/commits"
is "$(json '.result.entries | map([.path, .bytes, .new_bytes]) | tojson' du)" '[["a",301000,null],["b",2001,null],["empty",0,null]]'
is "$(got '.result.total.bytes')" 303001
is "$(json '.result.entries | map([.path, .new_bytes]) | tojson' du --new)" '[["a",301000],["b",2001],["empty",0]]'
cp a/deep/big b/copy && noise 4 5000 >a/more && store add -q -A && store commit --json -m 2 >>"$scratch/commits"
is "$(json '.result.entries | map([.path, .bytes, .new_bytes]) | tojson' du --new)" '[["a",306000,5000],["b",302001,0],["empty",0,0]]'
is "$(got '.result.entries[0].new_stored_bytes > 5000')" true
is "$(got '.result.total.new_bytes')" 5000
is "$(json '.result.entries | map([.path, .new_bytes]) | tojson' du --new HEAD~1 a)" '[["a/deep",300000],["a/small",1000]]'
is "$(json '.result.entries | map(.path) | tojson' -C a du)" '["a","b","empty"]'
is "$(json '.result.entries | map(.path) | tojson' -C a du deep)" '["a/deep/big"]'
is "$(json '.result.entries | map(.path) | tojson' du HEAD:b)" '["b/copy","b/l","b/x"]'
is "$(json '.result.entries | map([.path, .bytes]) | tojson' du a/small)" '[["a/small",1000]]'
is "$(store du --new -z HEAD a | tr '\0' '\n' | head -n 1 | cut -d ' ' -f 1,2,4)" '300000 0 a/deep'
expect_exit 4 store du HEAD nothing
expect_exit 2 store du HEAD:a b
store du --new >"$out" && contains "$out" 'all of it'

# A third commit brings nothing but a mode.
chmod 600 a/small && store add -q -A && store commit --json -m 3 >>"$scratch/commits"
is "$(json '.result.commits | map(.new_bytes) | tojson' log --growth)" '[0,5000,303001]'
stored=$(got '.result.commits | map(.new_stored_bytes) | add') all=$(bytes_in .store/packs)
((stored > all * 9 / 10 - 4000 && stored <= all)) || fail "$stored of $all"
is "$(json '.result.commits | map(.new_bytes) | tojson' log --growth -n 1 HEAD~1)" '[5000]'
is "$(json '.result.commits[0] | has("new_bytes")' log)" false
# Words that are the same are the same figure: commit says what log --growth says later, and stored is what the packs grew by.
is "$(json '.result.commits | map(.new_bytes) | tojson' log --growth)" "$(jq -s 'reverse | map(.result.new_bytes)' -c "$scratch/commits")"
is "$(json '.result.layers | map(.bytes) | add' layers)" "$(jq -s 'map(.result.stored_bytes) | add' "$scratch/commits")"
is "$(json '.result.layers | map(.bytes) | add' layers)" "$all"
store log --growth --oneline >"$out" && contains "$out" ' 4.9 KiB new '
store log --growth >"$out" && contains "$out" 'Growth: '
mv .store ../bare && cd .. && chmod -R a-w bare
is "$(json '.result.entries | length' --repo bare du --new main a)" 3
is "$(json '.result.commits | map(.new_bytes) | tojson' --repo bare log --growth)" '[0,5000,303001]'
