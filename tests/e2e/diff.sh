#!/usr/bin/env bash
# diff: the four pairs of sides, forms, renames, ranges of large files; a patch that patch(1) applies; the paths that git lists.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

changes() { json '.result.changes | map(.change[0:1] + " " + (if .from then .from + " > " else "" end) + .path) | join(",")' diff "$@"; }

store init -q && git init -q . && echo .store >.git/info/exclude && mkdir -p d/deep
seq 1 40 >t && printf 'a\0b' >binary && noise 1 3000000 >big && ln -s t link && echo 1 >d/deep/x && echo 2 >'d/sp ace'
# Before the first commit HEAD is the empty tree.
store add -q -A --exclude .git && git add -A
is "$(changes --staged)" 'a big,a binary,a d/deep/x,a d/sp ace,a link,a t'
is "$(changes)" ''
is "$(changes --staged HEAD)" "$(changes --staged)"
is "$(changes @)" "$(changes --staged)" && is "$(changes HEAD -- t d)" 'a d/deep/x,a d/sp ace,a t'
is "$(changes HEAD HEAD)$(changes HEAD..)$(changes ..@)" ''
expect_exit 1 store diff --exit-code HEAD
for word in 'diff main' 'diff HEAD~1' 'diff HEAD..main' 'diff HEAD:t HEAD:t' 'restore --staged t' 'restore --source HEAD t' 'checkout HEAD -- t'; do
  read -ra words <<<"$word"
  expect_exit 4 store "${words[@]}"
done
store commit -q -m 1 >"$out" && git commit -q -m 1

sed -i '5s/.*/five/; 35s/.*/thirty-five/' t
printf X | dd of=big bs=1 seek=1500000 conv=notrunc status=none
rm d/deep/x && ln -sfn big link && chmod 755 binary && echo new >untracked
git_names() { git -c core.quotePath=false diff --name-status "$@" | sort; }
is "$(store diff --name-status | sort)" "$(git_names)"
is "$(store diff HEAD --name-status | sort)" "$(git_names HEAD)"
is "$(changes)" 'm big,m binary,d d/deep/x,m link,m t'
is "$(changes -- d)" 'd d/deep/x'
is "$(cd d && store diff --name-only)" "$(store diff --name-only)"
is "$(store diff -- t | sed 1,4d)" "$(git diff -- t | sed 1,4d)"
# Of a large file only the chunks around the change; the range covers the changed byte.
is "$(json '.result.changes[0] | [.changed_bytes <= 262144, .changed_bytes > 0, .old_size, .new_size] | tojson' diff -- big)" '[true,true,3000000,3000000]'
is "$(json '.result.changes[0].ranges | map(.old_start <= 1500000 and .old_start + .old_length > 1500000) | tojson' diff --chunks -- big)" '[true]'
store diff -- big >"$out" && contains "$out" 'binary: 2.9 MiB → 2.9 MiB, ' && contains "$out" 'changed in 1 range'
expect_exit 1 store diff --exit-code --name-only
expect_exit 0 store diff --exit-code -- d/sp*

# Staged, against another commit, and a rename; a change on top of what is staged.
mv 'd/sp ace' moved && store add -q -A --exclude .git && git add -A
is "$(changes --staged)" 'm big,m binary,d d/deep/x,m link,r d/sp ace > moved,m t,a untracked'
is "$(store diff --staged --name-status -z | tr '\0' '|')" "$(git diff --staged --name-status -z | tr '\0' '|')"
echo more >>t && echo more >>untracked
is "$(changes)" 'm t,m untracked'
is "$(changes HEAD)" 'm big,m binary,d d/deep/x,m link,r d/sp ace > moved,m t,a untracked'
git checkout -q -f HEAD -- t 2>/dev/null || true
store checkout -q --force HEAD -- t && is "$(changes HEAD -- t)" ''
store add -q -A --exclude .git && store commit -q -m 2 >"$out"
is "$(changes HEAD~1..HEAD)" "$(changes HEAD~1 HEAD)"
is "$(changes HEAD~1:d HEAD:d)" 'd deep/x,d sp ace'
is "$(changes HEAD~1:big HEAD:big)" 'm big'
is "$(changes HEAD:t HEAD:t)" ''
expect_exit 2 store diff HEAD:d HEAD:t
expect_exit 4 store diff nothing
expect_exit 2 store diff --stat --chunks

# A link that has another name is a rename, as in git; with the content of a file it is none.
mv link other && printf big >file && store add -q -A --exclude .git
is "$(store status --porcelain -uno)" $'A  file\nR  link -> other'
store commit -q -m links >"$out"

# A patch of text, modes, links and renames takes one tree to the other.
rm -f big binary && seq 3 50 >t && chmod 600 t && ln -sfn elsewhere link && mv moved 'with "quote"' && echo -n 'no newline' >n
mkdir e && printf 'tab\there\n' >$'e/t\tab' && store add -q -A --exclude .git && store commit -q -m 3 >"$out"
store diff HEAD~1 HEAD -- ':!big' ':!binary' >"$scratch/patch"
store checkout -q HEAD~1 --out "$scratch/old" && store checkout -q HEAD --out "$scratch/new"
rm -f "$scratch/old"/{big,binary}
patch -s -p1 -d "$scratch/old" <"$scratch/patch"
diff -r --no-dereference "$scratch/old" "$scratch/new"
is "$(stat -c %a "$scratch/old/t")" 600

# Bare repositories compare commits.
store init -q --bare "$scratch/bare"
mkdir "$scratch/a" && echo 1 >"$scratch/a/f" && store --repo "$scratch/bare" save -q "$scratch/a" -b m -m 1 >"$out"
echo 2 >"$scratch/a/f" && store --repo "$scratch/bare" save -q "$scratch/a" -b m -m 2 >"$out"
is "$(store --repo "$scratch/bare" diff m~1 m --name-status)" $'M\tf'
expect_exit 10 store --repo "$scratch/bare" diff
