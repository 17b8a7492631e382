#!/usr/bin/env bash
# show: a commit with what it changed, an entry; also bare, read-only, from a subdirectory.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p d empty && echo one >d/f && noise 1 4000000 >big && ln -s big l && printf '%s' odd >$'new\nline'
store add -q -A && store commit -q -m $'first\n\nbody' --meta ci=7 --date @1700000000
is "$(json '.result | [.message, .meta.ci, .time, (.changes | map([.path, .change, .from, .old_size]))] | tojson' show)" \
  '["first\n\nbody","7","2023-11-14T22:13:20Z",[["big","added",null,null],["d/f","added",null,null],["empty","added",null,null],["l","added",null,null],["new\nline","added",null,null]]]'
is "$(json '.result.changes[0] | [.new_size, .changed_bytes, .old_id] | tojson' show)" '[4000000,4000000,null]'
is "$(got '.result.id')" "$(json '.result.commits[0].id' log)"

printf 'x' | dd of=big bs=1 seek=2000000 conv=notrunc status=none
mv d/f d/g && chmod 700 empty && rm l && echo l >l
store add -q -A && store commit -q -m second
is "$(json '.result.changes | map([.path, .change, .from]) | tojson' show)" \
  '[["big","modified",null],["d/g","renamed","d/f"],["empty","modified",null],["l","typechange",null]]'
changed=$(json '.result.changes[0].changed_bytes' show HEAD)
((changed > 0 && changed <= 262144))
is "$(got '.result.changes[1] | [.changed_bytes, .old_id == .new_id] | tojson')" '[0,true]'
store show >"$out"
contains "$out" '    second'
contains "$out" 'R  d/f -> d/g'
contains "$out" 'M  empty/  (mode 0755 → 0700)'
store show HEAD~1 >"$out"
contains "$out" 'Meta:   ci=7'
contains "$out" 'new\nline'

# An entry is what ls lists.
is "$(json '.result | tojson' show HEAD:d/g)" "$(json '.result.entries[0] | tojson' ls HEAD:d/g)"
is "$(json '.result | [.path, .type, .mode, .target] | tojson' show HEAD~1:l)" '["l","symlink","0777","big"]'
is "$(json '.result.path' -C d show HEAD:./g)" d/g
is "$(json '.result.path' show d/g)" d/g
is "$(json '.result.type' show HEAD:)" directory
expect_exit 4 store show HEAD:none
expect_exit 4 store show nothing
expect_exit 2 store show HEAD d

# Whatever the repository is.
mv .store ../bare && cd ..
chmod -R a-w bare
is "$(json '.result.changes | length' --repo bare show)" 4
is "$(json '.result.path' --repo bare show main:d/g)" d/g
