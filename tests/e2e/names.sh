#!/usr/bin/env bash
# Odd names survive add, commit, ls, status, cat and checkout byte for byte.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
long=$(printf 'x%.0s' {1..255})
names=("$long" $'new\nline' $'\xff\xfe' '[a,b]' -dash '--' 'a b' '*' '?' $'\\' '"' $'tab\t' $'esc\x1b[31m' ' ' '~' ':x' '!x' '#x' 'é' 'HEAD' 'a]')
for n in "${names[@]}"; do printf %s "$n" >"./$n"; done
mkdir -- "[d]" && echo 1 >'[d]/-x' && ln -s $'\xff' $'link\n'
is "$(json .result.files add -A)" $((${#names[@]} + 1))
store commit -q -m 1 >"$out"
store checkout -q main --out "$scratch/o"
equal_trees . "$scratch/o"
for n in "${names[@]}"; do cmp <(store cat "HEAD:$n") "./$n"; done
is "$(json '.result.entries | map(.path_base64 // empty) | .[0]' ls)" "$(printf '\xff\xfe' | base64)"
is "$(store ls -z | tr -dc '\0' | wc -c)" $((${#names[@]} + 2))
is "$(store ls | grep -c $'\x1b')" 0 || true

# As arguments: behind --, as a path, as a literal.
for n in -dash '--' '[a,b]' '[d]/-x' 'a]' HEAD; do
  printf more >>"./$n"
  store add -q -- "$n"
done
is "$(json '.result.staged | map(.path) | sort | tojson' status)" '["--","-dash","HEAD","[a,b]","[d]/-x","a]"]'
expect_exit 2 store add -dash
expect_exit 2 store log HEAD
expect_exit 2 store checkout HEAD --out "$scratch/o2"
expect_exit 0 store log HEAD --
echo x >'*' && echo x >'?' && STORE_LITERAL_PATHSPECS=1 store add -q '*'
is "$(store status --porcelain | grep -c '^M  \*$')" 1

# A name in the way that is not UTF-8 also comes as its true bytes.
cd "$scratch" && store init -q way && cd way && echo 1 >$'\xff' && echo 1 >plain && store add -q -A && store commit -q -m 1
echo 2 >$'\xff' && echo 2 >plain
expect_exit 7 store --json checkout HEAD -- .
is "$(got '.error.paths_base64 | sort | tojson')" '[null,"/w=="]'
expect_exit 7 store --json checkout HEAD -- plain
is "$(got '.error | has("paths_base64")')" false

# What a terminal would obey or cannot show is escaped wherever people read; porcelain stays as git has it, -s and --name-only quote as git.
cd "$scratch" && store init -q seen && cd seen && echo 1 >$'a\xff' && echo 1 >$'c1\xc2\x9b' && echo 1 >'s p' && store add -q -A
is "$(store status -s)" $'A  a\\xff\nA  c1\\xc2\\x9b\nA  "s p"'
is "$(store status --porcelain)" $'A  a\xff\nA  c1\xc2\x9b\nA  "s p"'
is "$(store diff --staged --name-only)" $'a\\xff\nc1\\xc2\\x9b\n"s p"'
is "$(store diff --staged --name-status)" $'A\ta\\xff\nA\tc1\\xc2\\x9b\nA\t"s p"'
