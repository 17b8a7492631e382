#!/usr/bin/env bash
# What is a revision and a path is refused where it can be both: in a working tree, and only if somebody wrote it.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

# A bare repository has no paths on disk, whatever the current directory holds.
mkdir build && echo 1 >build/f
store init -q --bare r
store --repo r save -q build -b build -m m >"$out"
for words in 'ls build' 'show build' 'log build' 'manifest build' 'du build' 'export build -o x.tar' 'checkout build --out o'; do
  # shellcheck disable=SC2086
  expect_exit 0 store --repo r $words
done
is "$(cat o/f)" 1

# Nor has the file HEAD of its own folder a say.
(
  cd r
  expect_exit 0 store log build
  expect_exit 0 store show build
  expect_exit 4 store show
  expect_exit 4 store show HEAD
)
store init -q w && (cd w && echo 1 >a && store add -q a && store commit -q -m 1) >"$out"
cp -r w/.store bare
(
  cd bare
  expect_exit 0 store show
  expect_exit 0 store show HEAD
  expect_exit 0 store export -o ../y.tar
  expect_exit 0 store checkout HEAD --out ../p
)

# From outside the working tree arguments are below its root, and a revision wins.
echo here >main
for words in 'ls main' 'show main' 'log main' 'manifest main' 'du main' 'export main -o z.tar'; do
  # shellcheck disable=SC2086
  expect_exit 0 store --repo w $words
done
is "$(json .result.path --repo w show a)" a
expect_exit 0 store --repo w log a

# Inside, both is 2; HEAD that nobody wrote is no path.
cd w
echo x >HEAD && echo y >main
expect_exit 0 store show
expect_exit 0 store export -o ../u.tar
for words in 'ls main' 'show main' 'log main' 'show HEAD' 'du main' 'checkout main'; do
  # shellcheck disable=SC2086
  expect_exit 2 store $words
  contains "$err" 'is a revision and a path'
done
expect_exit 0 store show refs/heads/main
expect_exit 0 store log main --
cd .store
expect_exit 0 store show HEAD
