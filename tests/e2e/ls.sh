#!/usr/bin/env bash
# ls: a directory, all below it, a file; sizes, modes and ids.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p d/e empty d.x && printf abc >d/e/f && printf x >d.x/y && ln -s target l && noise 1 200000 >big && : >none && chmod 600 none
store add -q -A && store commit -q -m 1 >"$out"
is "$(json '.result.entries | map(.path) | tojson' ls)" '["big","d","d.x","empty","l","none"]'
# Tree order: '/' below every other byte; directories before their content.
is "$(json '.result.entries | map(.path) | tojson' ls -r)" '["big","d","d/e","d/e/f","d.x","d.x/y","empty","l","none"]'
is "$(json '.result.entries | map([.type, .mode, .size, .target]) | tojson' ls)" \
  '[["file","0644",200000,null],["directory","0755",3,null],["directory","0755",1,null],["directory","0755",0,null],["symlink","0777",6,"target"],["file","0600",0,null]]'
is "$(json '.result.entries[0].id' ls HEAD:d/e/f)" "$(printf abc | sha256sum | cut -c 1-64)"
is "$(json '.result.entries[0].path' ls HEAD:d/e/f)" d/e/f
is "$(json '.result.entries | map(.path) | tojson' ls HEAD:d)" '["d/e"]'
is "$(json '.result.entries | map(.path) | tojson' -C d ls HEAD:./e)" '["d/e/f"]'
is "$(got '.result.entries[0] | has("target")')" false
expect_exit 4 store ls HEAD:nothing
expect_exit 4 store ls nothing
is "$(store ls -z | tr '\0' '\n' | head -n 2 | paste -sd ' ')" 'big d'
is "$(store ls -l | wc -l)" 6
printf staged >s && store add -q s
is "$(json '.result.entries[0].size' ls :s)" 6

# A device has numbers instead of a size.
if ((EUID == 0)) && mknod dev c 10 200 2>"$err"; then
  store add -q dev && store commit -q -m dev >"$out"
  is "$(json '.result.entries[0] | [.type, .size, .major, .minor] | tojson' ls HEAD:dev)" '["device",0,10,200]'
  store ls -l HEAD:dev >"$out"
  contains "$out" '10, 200'
fi
