#!/usr/bin/env bash
# What is in the index was cut by the settings of its time: whether a file still has that content does not depend on those of now.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

clean() {
  is "$(store status --porcelain 2>"$err")" ''
  is "$(store diff --name-only 2>"$err")" ''
  store verify -q --worktree 2>"$err"
}
store init -q && noise 1 3000000 >big && noise 2 20000 >small && : >none && truncate -s 5M holes && noise 3 1000 >>holes
store add -q -A && store commit -q -m 1 >"$out"
noise 4 3000000 >big && noise 5 20000 >small && printf 'x' >>holes
store add -q -A && store commit -q -m 2 >"$out"

while read -r setting; do
  read -ra settings <<<"$setting"
  for change in "${settings[@]}"; do store config "${change%%=*}" "${change#*=}"; done 2>"$err"
  store checkout -q HEAD~1 2>"$err" && clean
  store switch -q main 2>"$err" && clean
  echo mine >>big && echo mine >small && store restore -q . 2>"$err" && clean
  # Nor does add stage what was only touched.
  touch big small holes && clean
  touch big small holes && store add -q -A 2>"$err"
  is "$(store status --porcelain 2>"$err")" ''
  expect_exit 1 store commit -q -a -m none
  # A change is one as before, also where nothing but the content tells.
  printf 'Q' | dd of=big bs=1 seek=2500000 conv=notrunc status=none
  is "$(store status --porcelain 2>"$err")" ' M big'
  is "$(store diff --name-only 2>"$err")" big
  store restore -q . 2>"$err"
  for change in "${settings[@]}"; do store config --unset "${change%%=*}"; done 2>"$err"
done <<'END'
core.inline_threshold=0
core.inline_threshold=1M
chunking.avg=16K
chunking.small_file_threshold=1M chunking.small_file_chunk_size=8K chunking.huge_file_threshold=2M chunking.huge_file_chunk_size=512K
chunking.min=1K chunking.max=4M
END

# Recorded in another form all the same, a file of the same chunks has not changed; beside it one that has, and one with another mode.
noise 6 3000 >mode && noise 7 1000 >tiny && echo 1 >other && store add -q -A && store commit -q -m form >"$out" && store tag before
store config core.inline_threshold 0 2>"$err"
store rm -q --cached tiny mode && store add -q -A 2>"$err" && chmod 755 mode && echo 2 >other && store add -q -A 2>"$err"
store commit -q -m again >"$out" 2>"$err"
is "$(json '.result.type' inspect HEAD:tiny)$(json '.result.type' inspect before:tiny)" recipechunk
is "$(store diff --name-only before HEAD | tr '\n' ' ')" 'mode other '
is "$(store diff --name-only before | tr '\n' ' ')" 'mode other '
is "$(json '.result.changes | map(.path) | join(" ")' show)" 'mode other'
expect_exit 0 store diff --exit-code before HEAD -- tiny
expect_exit 0 store diff --exit-code before -- tiny
expect_exit 0 store diff --exit-code before:tiny HEAD:tiny
expect_exit 1 store diff --exit-code before:mode HEAD:mode
echo mine >>tiny && is "$(store diff --name-only before -- tiny)" tiny
