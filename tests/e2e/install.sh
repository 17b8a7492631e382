#!/usr/bin/env bash
# `cmake --install` puts everything where it belongs: the program runs, its pages are there, and a program that embeds the library
# builds against it.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

build=$(cd "$(dirname "$(realpath "$STORE")")/.." && pwd)
grep -q "STORE_SANITIZE:STRING=$" "$build/CMakeCache.txt" || skip 'a sanitizer build'
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
cmake --install "$build" --prefix "$scratch/usr" >"$out"

is "$("$scratch/usr/bin/store" --version | head -n 1)" "$(store --version | head -n 1)"
while read -r word; do
  [[ -s $scratch/usr/share/man/man1/store-$word.1 ]] || fail "no page of $word"
done < <(store help --json | jq -r '.result.words[].word')
for file in share/man/man1/store.1 share/bash-completion/completions/store share/zsh/site-functions/_store \
  share/fish/vendor_completions.d/store.fish include/store/ops/save.h; do
  [[ -s $scratch/usr/$file ]] || fail "no $file"
done

cp -r "${script%/tests/*}/docs/embedding" "$scratch/embedding"
cmake -S "$scratch/embedding" -B "$scratch/embedding/build" -DCMAKE_PREFIX_PATH="$scratch/usr" -DCMAKE_CXX_COMPILER="$compiler" >"$out"
cmake --build "$scratch/embedding/build" >"$out" 2>"$err"
mkdir tree && echo hello >tree/greeting
"$scratch/embedding/build/archive" "$scratch/depot" "$PWD/tree" greeting >"$out" 2>"$err"
is "$(sed -n 2p "$out")" hello
is "$(head -n 1 "$out")" "$(store --repo "$scratch/depot" log archive -n 1 --format '{id}')"
