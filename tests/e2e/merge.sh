#!/usr/bin/env bash
# merge: up to date, fast-forward, three-way, conflicts and how they end, what is refused, undo, status in every state.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

fresh() { rm -rf .store ./* && store init -q; }
record() { store add -q -A && store commit -qm "$1"; }
clean() { is "$(store status --porcelain)" ''; }
lines() { store status --porcelain | tr '\n' ' '; }

# Nothing to do, fast-forward, and a commit where one is asked for.
fresh
expect_exit 4 store merge dev
expect_exit 2 store merge
echo 1 >a && mkdir d && echo 1 >d/b && touch -d @1600000000 a && base=$(record base)
is "$(store merge main)" 'Already up to date.'
is "$(json '"\(.result.id) \(.result.fast_forward) \(.result.conflicts)"' merge HEAD)" "$base false []"
store switch -q -c dev && echo 2 >d/b && touch -d @1500000000 d/b && dev=$(record two)
store switch -q main
is "$(json '"\(.result.id) \(.result.fast_forward)"' merge dev)" "$dev true"
is "$(store merge dev)" 'Already up to date.'
is "$(json .result.branch merge dev)" "$(json .result.branch status)"
is "$(cat d/b)$(json .result.branch status)" 2main
clean
store undo -q && is "$(cat d/b)$(head_id)" "1$base" && clean
id=$(json .result.id merge --no-ff dev)
is "$(json '.result.commits[0] | "\(.message) \(.parents | join(" "))"' log -n 1)" "Merge branch 'dev' $base $dev"
is "$(json .result.commits[0].id log -n 1 HEAD^2) $(json .result.commits[0].id log -n 1 HEAD~1)" "$dev $base"
is "$(json '.result.changes | map(.path) | join(" ")' show HEAD)" d/b
is "$(head_id)$(stat -c %Y d/b)" "${id}1500000000"
clean
store undo -q && is "$(head_id)" "$base" && clean
store undo -q && is "$(head_id)" "$id" && clean

# Three ways: what one side changed is taken from there, with its times; permissions and content go together.
store undo -q
chmod 755 d/b && echo ours >new && touch -d @1400000000 new && ours=$(record ours)
id=$(json .result.id merge -m 'my words' dev)
is "$(json '.result.commits[0] | "\(.message) \(.parents | join(" "))"' log -n 1)" "my words $ours $dev"
is "$(cat d/b)$(stat -c %a d/b)$(stat -c %Y new a | tr '\n' ' ')" '27551400000000 1600000000 '
clean
store fsck -q

# Every kind of conflict.
fresh
mkdir -p s && echo base | tee both du ud fd same >s/deep && echo x >only-theirs && record base >"$out"
store switch -q -c side/line
echo theirs | tee both du add fd >s/deep && store rm -q ud && rm only-theirs && echo y >plain && echo alike >same && dev=$(record theirs)
store switch -q main
echo ours | tee both ud add >s/deep && store rm -q du fd && mkdir fd && echo in >fd/in && echo alike >same && ours=$(record ours)
echo mine >'both~side_line'
before=$(contents)
expect_exit 7 store --json merge side/line
is "$(got '"\(.ok) \(.error.code) \(.result.id) \(.result.fast_forward)"')" 'false 7 null false'
is "$(got '.result.conflicts | map("\(.path):\(.change):\(.state):\(.beside)") | join(" ")')" \
  'add:added:AA:add~side_line both:modified:UU:both~side_line_0 du:deleted:DU:null fd:typechange:AA:fd~side_line s/deep:modified:UU:s/deep~side_line ud:deleted:UD:null'
is "$(lines)" 'AA add UU both DU du AA fd A  fd~side_line D  only-theirs A  plain UU s/deep UD ud ?? add~side_line ?? both~side_line ?? both~side_line_0 ?? s/deep~side_line '
is "$(store status -z | tr '\0' '|' | cut -c1-18)" 'AA add|UU both|DU '
is "$(json '.result.conflicted | map(.path) | join(" ")' status)" 'add both du fd s/deep ud'
is "$(json '.result.merge | "\(.id) \(.from)"' status)" "$dev side/line"
is "$(cat add both 'both~side_line' 'both~side_line_0' du ud fd/in 'fd~side_line' s/deep 's/deep~side_line' | tr '\n' ' ')" \
  'ours ours mine theirs theirs ours in theirs ours theirs '
store status >"$out" && contains "$out" 'Merging side/line' && contains "$out" 'store merge --abort' && contains "$out" 'both modified:   both'
(cd s && store status -s >"$out" && contains "$out" 'UU deep' && contains "$out" 'UU ../both')

# While it waits, HEAD stays, and an unfinished merge is not committed.
expect_exit 7 store switch side/line
contains "$err" 'store merge --abort'
expect_exit 7 store switch -c other
expect_exit 7 store checkout HEAD~0
expect_exit 7 store merge side/line
expect_exit 7 store commit --amend -m x
expect_exit 7 store --json commit -m x
is "$(got '.error.paths | join(" ")')" 'add both du fd s/deep ud'
expect_exit 7 store mv both elsewhere
store save -q . -b elsewhere -m 'another branch' && store branch -q -d -f elsewhere
store checkout -q HEAD --out "$scratch/out-there" && is "$(cat "$scratch/out-there/both")" ours

# Given up: tree and index exactly as they were; what was done meanwhile comes back by undo.
echo edited >both && echo new >s/new && store add -q s/new both && echo later >>ud
store merge --abort -q
clean_but_mine() { is "$(lines)" '?? both~side_line '; }
clean_but_mine && is "$(contents)$(head_id)" "$before$ours"
expect_exit 7 store merge --abort
store undo -q
is "$(cat both ud s/new | tr '\n' ' ')" 'edited ours later new '
is "$(store status --porcelain -- both ud s/new add | tr '\n' ' ')" 'AA add M  both A  s/new UD ud '
store undo -q && clean_but_mine && is "$(contents)" "$before"
expect_exit 7 store merge side/line && store undo -q && clean_but_mine && is "$(contents)" "$before"
store undo -q && is "$(store status --porcelain | grep -c '^[UAD][UAD] ')" 6
expect_exit 7 store commit -m x

# Finished: by add, rm, and checkout of the other side's version; the message is ready, there are two parents.
store add -q both && store rm -q du && store add -q ud && (cd s && store checkout -q --force side/line -- deep)
is "$(cat s/deep)" theirs
expect_exit 7 store commit
store add -q add fd
store status >"$out" && contains "$out" 'all conflicts are settled'
rm ./*~side_line_0 add~side_line s/deep~side_line
store commit -q >"$out"
is "$(json '.result.commits[0] | "\(.message) \(.parents | join(" "))"' log -n 1)" "Merge branch 'side/line' $ours $dev"
clean_but_mine
is "$(json .result.merge status)" null
store undo -q && is "$(json .result.merge.id status)$(head_id)" "$dev$ours"
store commit -qm 'once more' >"$out" && is "$(json '.result.commits[0].parents | length' log -n 1)" 2
store fsck -q

# A merge that changes nothing is a commit all the same.
store switch -q -c ending && store switch -q side/line && echo l >both && store commit -qam l >"$out" && store switch -q ending
expect_exit 7 store merge side/line
tree=$(json .result.commits[0].tree log -n 1)
store add -q both && rm ./*~side_line* && store commit -q >"$out"
is "$(json '.result.commits[0] | "\(.tree) \(.parents | length)"' log -n 1)" "$tree 2"

# What is in the way is listed, nothing is touched.
fresh
echo 1 | tee a b c >d && base=$(record base)
store switch -q -c dev && echo 2 | tee a b >new && record dev >"$out" && store switch -q main && echo 2 >c && echo 3 >b && ours=$(record ours)
echo staged >d && store add -q d
expect_exit 7 store --json merge dev
is "$(got '.error.paths | join(" ")') $(got .error.hint)" 'd store commit them, or store restore --staged PATH…'
store restore -q --staged d
echo mine | tee a b new >c
expect_exit 7 store --json merge dev
is "$(got '.error.paths | join(" ")')" 'a b new'
is "$(cat a b c new | tr '\n' ' ')$(head_id)" "mine mine mine mine $ours"
store restore -q a b && rm new
expect_exit 7 store merge dev
is "$(cat c d a | tr '\n' ' ')" 'mine staged 2 '
store merge --abort -q && is "$(lines)" ' M c  M d ' && is "$(cat c)" mine
store restore -q c d

# Histories without a common commit; another name than a branch; a detached HEAD; a bare repository.
rm -rf side && mkdir side && echo z >side/z && store save -q side -b alone -m alone && rm -r side
expect_exit 7 store merge alone
contains "$err" '--allow-unrelated-histories'
store merge -q --allow-unrelated-histories alone && is "$(cat z)" z && store undo -q
store tag v1 dev
expect_exit 7 store merge v1
is "$(ls b~*)" "b~$(json .result.merge.id status | cut -c1-10)"
is "$(store add -q b && store commit -q >"$out"; json .result.commits[0].message log -n 1)" "Merge tag 'v1'"
store undo -q && store merge --abort -q && store switch -q --detach HEAD && rm -f b~*
id=$(json .result.commits[0].id log -n 1 dev)
expect_exit 7 store merge "${id:0:12}"
store add -q b && store commit -q >"$out"
is "$(json '"\(.result.detached)"' status)$(json .result.commits[0].message log -n 1)" "trueMerge commit '${id:0:12}'"
cp -r .store "$scratch/bare"
expect_exit 10 store --repo "$scratch/bare" merge dev

# Into a branch without a commit, and the paths below a directory.
store init -q "$scratch/empty" && cp -r .store/packs .store/catalog "$scratch/empty/.store/"
cd "$scratch/empty" && store branch -q here "$base" && store merge -q here && is "$(head_id)$(cat a)" "${base}1"

# The other side's version beside a conflict has its times and owners.
store init -q "$scratch/beside" && cd "$scratch/beside"
echo base >a && echo base >b && echo base >c && store commit -q -A -m base >"$out"
store switch -q -c side
echo theirs >a && echo theirs >b && rm c && echo theirs >new
touch -d 2001-02-03 a new && if ((EUID == 0)); then chown 1234 a; fi
store commit -q -A -m theirs >"$out"
store switch -q main && echo ours >a && rm b && echo ours >c && echo ours >new && store commit -q -A -m ours >"$out"
expect_exit 7 store merge side
is "$(stat -c %y a~side new~side | paste -sd ,)" '2001-02-03 00:00:00.000000000 +0000,2001-02-03 00:00:00.000000000 +0000'
((EUID != 0)) || is "$(stat -c %u a~side)" 1234

# restore --staged and rm settle a conflict, as in git.
conflicts() { store status --porcelain | { grep -E '^(UU|AA|DU|UD)' || true; } | paste -sd ,; }
is "$(conflicts)" 'UU a,DU b,UD c,AA new'
expect_exit 0 store restore --staged a b new
is "$(store status --porcelain | grep -v '~' | paste -sd ,)" 'UD c,?? b'
expect_exit 0 store rm c
is "$(conflicts)" ''
is "$(store status --porcelain | grep -v '~' | paste -sd ,)" 'D  c,?? b'
expect_exit 0 store merge --abort
is "$(store status --porcelain)" ''
is "$(printf "%s," *)" 'a,c,new,'
expect_exit 7 store merge side
expect_exit 0 store rm b
is "$(conflicts)" 'UU a,UD c,AA new'
[[ ! -e b ]]
rm -f a~side new~side
expect_exit 0 store rm -f a c new
is "$(conflicts)" ''

# What nobody has named is told: commit -a and -A settle conflicts as the files are, and leave the copies of theirs out.
store init -q "$scratch/settled" && cd "$scratch/settled"
echo base | tee f >g && store commit -q -A -m base >"$out"
store switch -q -c t && echo theirs | tee f >g && store commit -qam theirs >"$out"
store switch -q main && echo ours | tee f >g && store commit -qam ours >"$out"
expect_exit 7 store merge t
is "$(json '.warnings | map(.kind) | join(" ")' add -n -A)" merge_copy
is "$(store --json commit -a -m settled | jq -r '.warnings | map(.message) | join(" ")')" 'f and 1 more: settled as they are in the working tree'
is "$(store ls | paste -sd ,)$(lines)" 'f,g?? f~t ?? g~t '
store undo -q && store merge --abort -q && expect_exit 7 store merge t
rm g~t && store add g
expect_exit 0 store commit -A -m settled
contains "$err" 'f: settled as it is in the working tree'
contains "$err" 'f~t is left out'
is "$(store ls | paste -sd ,)$(lines)" 'f,g?? f~t '
store undo -q && store merge --abort -q && expect_exit 7 store merge t
store add -q . 2>"$err" && contains "$err" 'f~t and 1 more are left out'
store add -q f~t && is "$(lines)" 'A  f~t ?? g~t '
