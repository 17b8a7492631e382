#!/usr/bin/env bash
# status --porcelain prints what git prints for the same state.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

mkdir g s && git -C g init -q -b main && store init -q s
# both COMMAND…: in the git and in the store working tree.
both() { local d; for d in g s; do (cd "$d" && "$@"); done; }
same() {
  git -C g -c core.quotePath=false status --porcelain=v1 --find-renames=100% "$@" >"$scratch/git"
  store -C s status --porcelain "$@" >"$scratch/store"
  diff "$scratch/git" "$scratch/store"
}
add() { git -C g add "$@" && store -C s add -q "$@"; }
commit() { git -C g commit -qm x && store -C s commit -q -m x >"$out"; }

# shellcheck disable=SC2016
both bash -c 'mkdir -p a/b "with space"; echo 1 >a/b/f; echo 2 >a.txt; echo 3 >"with space/x y"; echo 4 >é; echo 5 >"q\"\\"; printf 6 >"$(printf "tab\tx")"'
same && same -uall
add a a.txt && same
add -A && same && commit && same
both bash -c 'echo 11 >>a/b/f; rm a.txt; mv é è; mkdir new; echo n >new/n; echo m >new/m; mv "q\"\\" a/moved'
same && same -uall && same -z
add -A && same && same -z
both bash -c 'echo 12 >>a/b/f; rm -r new; echo late >late'
same
both bash -c 'rm "with space/x y"; ln -s a "with space/x y"'
same && add -A && same && commit

# Directories that became files and the reverse, in the working tree and staged; -uall and paths.
both bash -c 'rm -r * && mkdir -p x/y w d e && echo 1 >x/y/f && echo 2 >y && echo 3 >z && echo 4 >d/f && echo 5 >w/a && ln -s x l'
add -A && commit && same
both bash -c 'rm -r x w l && echo 6 >x && rm y z && mkdir y z z/deep l && echo 7 >y/in && echo 8 >z/deep/er && echo l >l/1 && ln -s d w'
same && same -uall && same -z && same -- y && same -- x && same -uall -- y z
add y && same && add -A && same && same -- x && commit && same

# A rename is one only if both its names are asked for.
both bash -c 'mkdir -p e && mv d/f e/f2'
add -A && same && same -- d && same -- e && same -- d e

# An ignored directory in the place of a tracked file is hidden by the file's deletion, whatever in it is asked for.
both bash -c 'echo 1 >replaced' && add replaced && commit
both bash -c 'rm replaced && mkdir -p replaced/d && echo 1 >replaced/s && echo 1 >replaced/d/t && echo replaced/ >.gitignore && cp .gitignore .storeignore'
for path in replaced replaced/s replaced/d replaced/d/t 'replaced/*'; do
  same --ignored -- "$path"
  same --ignored -uall -- "$path"
  same -- "$path"
done
