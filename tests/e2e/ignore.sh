#!/usr/bin/env bash
# Ignore rules in use: where they come from, what add, status and commit make of them, and what check-ignore says.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

untracked() { store status --porcelain "$@" | tr '\n' ' '; }

store init -q
mkdir -p build/deep src sub "$HOME/.config/store"
touch build/deep/x.o src/a.c src/a.o sub/keep.log sub/b.log sub/secret notes~
printf '*.o\n/build/\n' >.storeignore
printf '*.log\n!keep.log\n' >sub/.storeignore
echo secret >.store/info/exclude
echo '*~' >"$HOME/.config/store/ignore"

is "$(untracked)" '?? .storeignore ?? src/ ?? sub/ '
is "$(untracked -uall)" '?? .storeignore ?? src/a.c ?? sub/.storeignore ?? sub/keep.log '
is "$(untracked --ignored)" '?? .storeignore ?? src/ ?? sub/ !! build/ !! notes~ !! src/a.o !! sub/b.log !! sub/secret '
is "$(json '.result.ignored | map(.path) | join(" ")' status --ignored)" 'build/deep/x.o notes~ src/a.o sub/b.log sub/secret'
is "$(json '.result.ignored | length' status)" 0
store status --ignored >"$out"
contains "$out" 'Ignored files:'

# Which line decides.
store check-ignore -v build/deep/x.o sub/b.log sub/keep.log sub/secret notes~ src/a.c >"$out"
printf '%s\t%s\n' '.storeignore:2:/build/' build/deep/x.o 'sub/.storeignore:1:*.log' sub/b.log 'sub/.storeignore:2:!keep.log' sub/keep.log \
  '.store/info/exclude:1:secret' sub/secret "$HOME/.config/store/ignore:1:*~" notes~ | cmp - "$out"
is "$(store check-ignore src/a.c src/a.o sub/keep.log)" src/a.o
is "$(cd sub && store check-ignore -v b.log ../src/a.o | tr '\t\n' '  ')" 'sub/.storeignore:1:*.log b.log .storeignore:1:*.o ../src/a.o '
is "$(store check-ignore -z -v src/a.o | tr '\0' '|')" '.storeignore|1|*.o|src/a.o|'
is "$(printf 'src/a.c\0src/a.o\0' | store check-ignore -z --stdin | tr '\0' '|')" 'src/a.o|'
json '.result.matches[] | "\(.path) \(.source) \(.line) \(.pattern)"' check-ignore src/a.o sub/keep.log >"$scratch/matches"
is "$(cat "$scratch/matches")" 'src/a.o .storeignore 1 *.o'
expect_exit 1 store check-ignore src/a.c
expect_exit 1 store --json check-ignore sub/keep.log
is "$(got '.ok, .result.matches == []' | tr '\n' ' ')" 'true true '
expect_exit 2 store check-ignore
expect_exit 2 store check-ignore ../elsewhere
# A directory that is not there is told by its slash.
expect_exit 0 store check-ignore build/
is "$(store check-ignore src/none.o)" src/none.o

# What is asked for and ignored is named, the rest is added.
expect_exit 1 store add src/a.c src/a.o build/deep
contains "$err" 'ignored: src/a.o: by .storeignore:1: *.o'
contains "$err" 'ignored: build/deep: by .storeignore:2: /build/'
is "$(json '.result.staged | map(.path) | join(" ")' status)" 'src/a.c'
expect_exit 1 store --json add src/a.o
is "$(got '.ok, .result.ignored[0].pattern' | tr '\n' ' ')" 'true *.o '
expect_exit 0 store add src
expect_exit 4 store add nothing src/a.o
store add -q -f src/a.o
store commit -qm first >"$out"

# What is tracked is never ignored.
echo changed >src/a.o
expect_exit 1 store check-ignore src/a.o
is "$(store check-ignore --no-index src/a.o)" src/a.o
is "$(untracked | grep -o 'M src/a.o')" 'M src/a.o'
store add -q src/a.o
store commit -qAm second >"$out"
is "$(store ls -r | tr '\n' ' ')" '.storeignore src src/a.c src/a.o sub sub/.storeignore sub/keep.log '
is "$(untracked --ignored)" '!! build/ !! notes~ !! sub/b.log !! sub/secret '

# A directory in which all is ignored stays untracked; an empty one is content.
mkdir -p only/deep empty && touch only/deep/x.o
store add -q -A
is "$(json '.result.staged | map(.path) | join(" ")' status)" empty
is "$(untracked --ignored only)" '!! only/ '
store add -q -f only
is "$(json '.result.staged | map(.path) | join(" ")' status)" 'empty only/deep/x.o'

# Rules behind a symlink are none; excluded files stay out even with -f.
mkdir linked && ln -s ../.storeignore linked/.storeignore && touch linked/b.tmp linked/c.x
store add -q -f -A --exclude '*.tmp'
is "$(json '.result.staged | map(.path) | map(select(startswith("linked"))) | join(" ")' status)" 'linked/.storeignore linked/c.x'

# A directory that cannot be entered is never looked into when it is ignored.
mkdir locked && touch locked/x && echo /locked/ >>.storeignore && chmod 000 locked
expect_exit 0 store add -A
chmod 755 locked
