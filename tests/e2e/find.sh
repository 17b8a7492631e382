#!/usr/bin/env bash
# find: names and contents across commits and branches, the newest first.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

matches() { store --json find "$@" | jq -c '.result.matches | map([.commit[:4], .path])'; }
store init -q
expect_exit 1 store find '*'
mkdir -p src/deep docs && echo 1 >src/a.c && echo 1 >src/deep/b.c && echo 1 >docs/a.txt && noise 1 300000 >big
store add -q -A && store commit -q -m 1 >/dev/null && one=$(store log -n 1 --format '{id}')
echo 2 >src/a.c && touch other && store add -q -A && store commit -q -m 2 >/dev/null && two=$(store log -n 1 --format '{id}')
rm -r src/deep && chmod 600 src/a.c && store add -q -A && store commit -q -m 3 >/dev/null && three=$(store log -n 1 --format '{id}')
c1=${one::4} c2=${two::4} c3=${three::4}

# Each content of a path once, with the newest commit that holds it.
is "$(matches '*.c')" "[[\"$c3\",\"src/a.c\"],[\"$c2\",\"src/deep/b.c\"],[\"$c1\",\"src/a.c\"]]"
is "$(matches a.txt)" "[[\"$c3\",\"docs/a.txt\"]]"
is "$(matches 'src/*.c')" "[[\"$c3\",\"src/a.c\"],[\"$c2\",\"src/deep/b.c\"],[\"$c1\",\"src/a.c\"]]"
is "$(matches '**/big')" "[[\"$c3\",\"big\"]]"
is "$(matches src)" "[[\"$c3\",\"src\"]]"
is "$(json '.result.matches[0] | [.id, .size] | tojson' find a.txt)" "[\"$(sha256sum <docs/a.txt | cut -c 1-64)\",2]"
expect_exit 1 store --json find nothing
is "$(got '[.ok, .result.matches] | tojson')" '[true,[]]'
expect_exit 2 store find
expect_exit 2 store find ''

# By content: small and large files, and with a pattern.
is "$(matches --content docs/a.txt)" "[[\"$c3\",\"docs/a.txt\"],[\"$c2\",\"src/deep/b.c\"],[\"$c1\",\"src/a.c\"]]"
is "$(matches --content docs/a.txt '*.c')" "[[\"$c2\",\"src/deep/b.c\"],[\"$c1\",\"src/a.c\"]]"
is "$(matches --content big)" "[[\"$c3\",\"big\"]]"
sum=$(sha256sum <big | cut -c 1-64)
rm -f .store/hashes
is "$(matches --content "$sum")" "[[\"$c3\",\"big\"]]"
[[ -s .store/hashes ]]
is "$(cd src && matches --content ../big)" "[[\"$c3\",\"big\"]]"
printf garbage >.store/hashes
is "$(matches --content "$sum")" "[[\"$c3\",\"big\"]]"
expect_exit 4 store find --content none
expect_exit 2 store find --content src

# Other branches count, names of any bytes come out.
printf x >$'odd\n\xff' && store add -q -A && store commit -q -m 4 >/dev/null
is "$(store find -z 'odd*' | tr '\0\n' '#@' | cut -d ' ' -f 2- | od -An -c | tr -d ' \n')" 'odd@377#\n'
is "$(store find 'odd*' | awk '{print $NF}')" 'odd\n\xff'
mv .store ../bare && cd .. && chmod -R a-w bare
is "$(json '.result.matches | length' --repo bare find '*.c')" 3
is "$(json '.result.matches | length' --repo bare find --content "$sum")" 1
