#!/usr/bin/env bash
# Pathspecs: magic, exclusions, literal ones, from subdirectories; one that matches nothing.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

staged() { json '.result.staged | map(.path) | join(" ")' status; }
again() { rm -f .store/index.*; store add -q "$@"; staged; }

store init -q
mkdir -p d/e s
touch a.c b.o d/c.c d/e/f.o s/G.C ':x' '*'
is "$(again -- '*.c')" 'a.c d/c.c'
is "$(again ':(glob)*.c')" 'a.c'
is "$(again ':(glob)**/*.o')" 'b.o d/e/f.o'
is "$(again ':(icase)*.C' d)" 'a.c d/c.c d/e/f.o s/G.C'
is "$(again . ':!*.o')" '* :x a.c d/c.c d/e s/G.C'
is "$(again ':^d' ':(exclude)s')" '* :x a.c b.o'
is "$(again ':(literal)*' ./:x)" '* :x'
is "$(STORE_LITERAL_PATHSPECS=1 again '*' ':x')" '* :x'
is "$(cd d && rm ../.store/index.* && store add -q :/ ':!e' && staged)" '* :x a.c b.o d/c.c s/G.C'
is "$(cd d && rm ../.store/index.* && store add -q '../*.c' && staged)" 'a.c d/c.c'
is "$(cd d && rm ../.store/index.* && store add -q ':/*.c' ':(top)s' && staged)" 'a.c d/c.c s/G.C'
is "$(again d/)" 'd/c.c d/e/f.o'

# Nothing is staged if one of them matches nothing, or makes no sense.
rm .store/index.*
expect_exit 4 store add a.c ':(glob)*/none'
expect_exit 4 store add a.c/
expect_exit 2 store add a.c ':(attr:x)y'
expect_exit 2 store add a.c ':(glob,literal)y'
expect_exit 2 store add a.c ':@y'
is "$(staged)" ''
expect_exit 0 store status ':(glob)nothing*'

store add -q -A && store commit -qm all >"$out"
is "$(store log --oneline -- ':!*' | wc -l)" 0
is "$(store log --oneline -- ':(icase)S/g.c' | wc -l)" 1
echo 1 | tee a.c d/c.c d/e/f.o >/dev/null
store checkout -q --force HEAD -- '*.c' ':!d'
is "$(store status --porcelain | tr '\n' ' ')" ' M d/c.c  M d/e/f.o '
is "$(store status --porcelain ':!*.o')" ' M d/c.c'
expect_exit 4 store checkout HEAD -- ':(glob)none*'

# A name that looks like magic, taken as it is; a slash at the end is a directory's, whatever the file or link is called.
mkdir "$scratch/names" && cd "$scratch/names" && store init -q
mkdir d && touch ':x' f d/y && ln -s d l
expect_exit 2 store add ':%x'
STORE_LITERAL_PATHSPECS=1 expect_exit 0 store add -q ':x'
for name in f/ l/ 'f*/'; do expect_exit 4 store add "$name"; done
is "$(store status --porcelain | grep ^A)" "A  :x"
printf 'f/\nl/\n' >"$scratch/list"
expect_exit 3 store --json add --files-from "$scratch/list"
is "$(got '.result.failed | map(.path) | tojson')" '["f/","l/"]'
# A glob that meets a directory and not what is in it: that directory is not an empty one, but an empty one is content.
mkdir -p g/in/e g/no/e/sub && echo x >g/no/e/sub/x
for force in '' -f; do
  # shellcheck disable=SC2086
  expect_exit 0 store add $force 'g/*/e'
  is "$(store status --porcelain -uall -- g | tr '\n' ' ')" 'A  g/in/e/ ?? g/no/e/sub/x '
  is "$(store status --porcelain -uall -- 'g/*/e')" 'A  g/in/e/'
done
