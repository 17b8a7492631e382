#!/usr/bin/env bash
# inspect and layers: objects, packs and layers as they are stored; ids that several types share.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
expect_exit 4 store inspect HEAD
expect_exit 2 store inspect
echo one >f && noise 1 500000 >big && mkdir d && ln -s f d/l
store add -q -A && store commit -q -m one
commit=$(store log -n 1 --format '{id}') tree=$(json '.result.commits[0].tree' log)
is "$(json '.result | [.type, .id, (.entries | map(.type)), .entries[0].id] | tojson' inspect "${commit::8}")" \
  "[\"commit\",\"$commit\",[\"tree\",\"attributes\"],\"$tree\"]"
is "$(json '.result | tojson' inspect HEAD)" "$(json '.result | tojson' inspect "$commit")"
is "$(json '.result | [.type, .level, (.entries | map([.type, .name, .size]))] | tojson' inspect "$tree")" \
  '["tree",0,[["file","big",500000],["directory","d",1],["file","f",4]]]'
is "$(json '.result | [.type, (.entries | map(.size) | add), .entries[0].offset] | tojson' inspect HEAD:big)" '["recipe",500000,0]'
is "$(json '.result | [.type, .size, .entries] | tojson' inspect "$(sha256sum <f | cut -c 1-64)")" '["chunk",4,[]]'
is "$(json .result.type inspect "$(printf '' | sha256sum | cut -c 1-64)")" chunk
for text in HEAD HEAD:big "$tree" layer:1; do expect_exit 0 store inspect "$text"; done

# A file that holds a commit's text has a chunk of nearly its id; one that holds its preimage has the same.
{ printf 'store.commit.v1\0' && store inspect HEAD | sed -n 's/^    //p' | head -c -1; } >preimage
is "$(sha256sum <preimage | cut -c 1-64)" "$commit"
store add -q preimage
is "$(json '.result | [.type, .also] | tojson' inspect "$commit")" '["chunk",["commit"]]'
is "$(json '.result | [.type, .also] | tojson' inspect "commit:${commit::10}")" '["commit",[]]'
expect_exit 0 store inspect "$commit"
contains "$out" 'also:   commit (store inspect commit:'

# Packs and layers.
pack=$(basename "$(find .store/packs -name '*.pack' -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)" .pack)
is "$(json '.result.type' inspect "${pack::12}")" pack
is "$(json '.result.size' inspect "pack:$pack")" "$(stat -c %s ".store/packs/$pack.pack")"
is "$(json '[.result.entries[] | select(.type == "chunk")] | length > 3' inspect "$pack")" true
is "$(json '.result.layers | map(.kind) | unique | tojson' layers)" '["full"]'
is "$(json '[.result.layers[] | select(.commit)] | map(.commit) | tojson' layers)" "[\"$commit\"]"
is "$(json '.result.entries[0].id' inspect layer:1)" "$(json '.result.layers[0].packs[0]' layers)"
is "$(store layers | wc -l)" "$(json '.result.layers | length' layers)"
expect_exit 4 store inspect layer:99
expect_exit 4 store inspect 0000000000
expect_exit 4 store inspect chunk:0000000000
expect_exit 4 store inspect HEAD:none
mv .store ../bare && cd .. && chmod -R a-w bare
is "$(json .result.type --repo bare inspect HEAD:big)" recipe
is "$(json '.result.layers | length > 1' --repo bare layers)" true
