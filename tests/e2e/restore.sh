#!/usr/bin/env bash
# restore, rm, mv and commit --amend.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p d/e && echo 1 >a && echo 1 >d/b && echo 1 >d/e/c && touch d/keep.o
store add -q . && store commit -qm 1 >"$out"
echo 2 >a && store add -q a && store commit -qm 2 >"$out"

# From the index, from HEAD, from a revision.
echo x >a && rm -r d/e
store restore -q .
is "$(cat a)$(cat d/e/c)" 21
is "$(store status --porcelain)" ''
echo x >a && store add -q a && echo y >a
store restore -q a && is "$(cat a)" x
store restore -q --staged a && is "$(store status --porcelain)" ' M a'
store restore -q --source HEAD~1 a && is "$(cat a)" 1 && is "$(store status --porcelain)" ' M a'
store restore -q --staged --source HEAD~1 a && is "$(store status --porcelain)" 'M  a'
store restore -q --staged . && store restore -q . && is "$(store status --porcelain)" ''
echo n >new && store add -q new && store restore -q --staged new && is "$(store status --porcelain)" '?? new' && rm new
mkdir -p n/m && echo n >n/m/f && store add -q n && store restore -q --staged n/m/f && is "$(store status --porcelain)" '?? n/' && rm -r n
expect_exit 4 store restore nothing
expect_exit 4 store restore --source nothing a
expect_exit 2 store restore
is "$(json '.result.written' restore a)" 0

# rm takes the directories it empties along, and never what was not committed.
expect_exit 2 store rm d
expect_exit 4 store rm nothing
echo x >d/b
expect_exit 7 store --json rm d/b
is "$(got '.error.paths | join(" ")')" d/b
is "$(json '.result.paths | join(" ")' rm d/e/c)" d/e/c
[[ ! -e d/e ]]
is "$(store status --porcelain | tr '\n' ' ')" ' M d/b D  d/e/c '
store undo -q && is "$(cat d/e/c)" 1
store rm -q --cached d/e/c
is "$(cat d/e/c)" 1 && is "$(store status --porcelain | tr '\n' ' ')" ' M d/b D  d/e/c ?? d/e/ '
store add -q d/e
echo untracked >d/other
store rm -q -r -f d
is "$(find d -type f)" d/other
store undo -q
is "$(cat d/b)$(cat d/e/c)" x1
rm d/other && store restore -q d

# mv: names and places, nothing is read.
store mv -q a z && is "$(store status --porcelain)" 'R  a -> z'
mkdir t && store mv -q z d/b t && is "$(cat t/b t/z | tr '\n' ' ')" '1 2 '
store mv -q d/e t/f && is "$(cat t/f/c)" 1
is "$(store status --porcelain | tr '\n' ' ')" 'R  d/b -> t/b R  d/e/c -> t/f/c R  a -> t/z '
expect_exit 4 store mv nothing x
expect_exit 7 store mv t/b t/z
expect_exit 2 store mv t t/f
expect_exit 4 store mv t/b no/where
expect_exit 2 store mv t/b
for pair in 't/b/ new' 't/b new/' 't/b t/z/'; do
  # shellcheck disable=SC2086
  expect_exit 4 store mv $pair
done
store mv -q t/f/ t/g/ && is "$(cat t/g/c)" 1 && store mv -q t/g t/f
store mv -q -f t/b t/z && is "$(cat t/z)" 1
# One that was interrupted before the index knew of it is finished by the same command; another file there is none of it.
mv t/f/c moved && store mv -q t/f/c moved && is "$(store ls : | grep -c moved)" 1
mkdir t/f && mv moved t/f/c && store mv -q moved t/f/c && is "$(store status -s t/f | wc -l)" 1
mv t/f/c "$scratch/c" && echo other >other && expect_exit 4 store mv t/f/c other
rm other && mv "$scratch/c" t/f/c
(cd t && store mv -q z ../y) && is "$(cat y)" 1

# amend keeps what is not given.
store add -q -A
store commit -q -m moved --author 'A <a@b>' --date @1000 --meta k=v >"$out"
echo 5 >five && store add -q five
json '"\(.result.committed) \(.result.parents | length)"' commit --amend >"$scratch/answer"
is "$(cat "$scratch/answer")" 'true 1'
is "$(json '.result.commits[0] | "\(.message) \(.author.name) \(.time) \(.meta.k)"' log -n 1)" 'moved A 1970-01-01T00:16:40Z v'
is "$(store ls | grep -c five)" 1
store commit -q --amend -m other --meta l=w >"$out"
is "$(json '.result.commits | map(.message) | join(" ")' log)" 'other 2 1'
is "$(json '.result.commits[0].meta | "\(.k) \(.l)"' log -n 1)" 'v w'
expect_exit 1 store commit --amend
expect_exit 2 store commit --amend -m ''
expect_exit 4 store -C "$(mkdir "$scratch/fresh" && store init -q "$scratch/fresh" && echo "$scratch/fresh")" commit --amend -m x

# An empty directory is removed and counted; what is staged and gone from disk may be untracked.
mkdir -p hollow/inner other/hollow && echo g >gone && store add -q hollow other gone && store commit -q -m hollow >"$out"
expect_exit 2 store rm hollow/inner
is "$(json '.result.paths | tojson' rm -r hollow other)" '["hollow/inner","other/hollow"]'
is "$(store status --porcelain)" $'D  hollow/inner/\nD  other/hollow/' && [[ ! -e hollow && ! -e other ]]
store undo -q && is "$(store status --porcelain)" '' && [[ -d hollow/inner ]]
is "$(json '.result.paths | tojson' rm --cached -r hollow)" '["hollow/inner"]' && store restore -q --staged hollow
echo s >staged && store add -q staged && rm staged
is "$(json '.result.paths | tojson' rm --cached staged)" '["staged"]' && is "$(store status --porcelain)" ''
echo s >staged && store add -q staged && rm staged
is "$(json '.result.paths | tojson' rm staged)" '["staged"]' && is "$(store status --porcelain)" ''
store undo -q && is "$(store status --porcelain)" 'AD staged'
store rm -q --cached staged
echo s >staged && store add -q staged && echo other >staged
expect_exit 7 store rm --cached staged
is "$(store status --porcelain)" 'AM staged'
expect_exit 0 store rm --cached -f staged && rm staged

# Many at once, more than are kept in memory: nothing else changes.
mkdir -p many/a many/b many/c && touch many/c/stays && for d in a b; do (cd many/$d && seq 1 4200 | xargs touch); done
store add -q many && store commit -q -m many >"$out"
rm many/b/4200 && store add -q many/b && store status --porcelain >"$scratch/before"
is "$(json '.result.paths | length' rm --cached -r many/a many/b)" 8399
is "$(store status --porcelain | grep -c '^D ')" 8400
is "$(store status --porcelain | tail -2)" $'?? many/a/\n?? many/b/'
store restore -q --staged many && is "$(store status --porcelain)" ' D many/b/4200'
store mv many/a many/c/moved >"$out" && is "$(store status --porcelain | grep -c '^R  many/a/\|^D  many/a/')" 4200
store mv many/c/moved many/a >"$out" && is "$(store status --porcelain)" ' D many/b/4200'
store rm -q -r -f many && is "$(store status --porcelain | cut -c 1-2 | sort | uniq -c | tr -d '\n ')" 8401D && [[ ! -e many ]]
store undo -q && is "$(find many -type f | wc -l)" 8400
store fsck >"$out"

# An empty directory that a glob matches is a directory, too; a directory cannot take the place of a file, not even by force.
mkdir vacant && store add -q vacant && store commit -q -m vacant >"$out"
expect_exit 2 store rm 'vac*'
contains "$err" 'vacant: is a directory'
[[ -d vacant ]]
echo f >plain && mkdir -p full && echo x >full/x && store add -q plain full
expect_exit 7 store mv full plain
is "$(grep -c -e --force "$err" || true)" 0
expect_exit 7 store mv --force full plain
expect_exit 7 store mv full/x plain
contains "$err" --force
expect_exit 4 store restore nothere
contains "$err" 'nothere: no such path'
is "$(grep -c revision "$err" || true)" 0

# What rm would lose, and the way out.
store init -q "$scratch/lost" && cd "$scratch/lost"
echo o >f.o && echo '*.o' >.storeignore && store add -q -f f.o
for words in 'rm f.o' 'rm -r .'; do
  read -ra split <<<"$words"
  expect_exit 7 store "${split[@]}"
  contains "$err" 'f.o: has changes that are not committed'
  contains "$err" 'store rm --cached PATH'
done
echo p >f.o
expect_exit 7 store rm --cached f.o
contains "$err" 'f.o: what is staged is neither in HEAD nor in the file'
contains "$err" 'store rm --cached -f PATH'
expect_exit 0 store rm -q --cached -f f.o
is "$(cat f.o)" p
