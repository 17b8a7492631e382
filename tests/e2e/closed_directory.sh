#!/usr/bin/env bash
# A directory that its owner closed to themselves stands in the way of what writes below it: 12, with the command that opens it.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

need_nobody
chmod 777 "$HOME" && cd "$HOME"
mine() { as_nobody "$@"; }
as_nobody mkdir p && cd p
as_nobody mkdir -p 'd q/e' && as_nobody sh -c 'echo 1 >"d q/f"; echo 1 >"d q/e/g"; echo 1 >h'
mine "$STORE" init -q && mine "$STORE" add -q . && mine "$STORE" commit -qm 1 >"$out"
closed=$PWD/'d q'
chmod 000 "$closed"
for words in 'restore|.' 'restore|d q' 'restore|d q/f' 'checkout|--force|HEAD|--|d q' 'checkout|--force|main' 'rm|-r|d q' 'mv|h|d q/h'; do
  IFS='|' read -ra word <<<"$words"
  expect_exit 12 mine "$STORE" --json "${word[@]}"
  is "$(got '"\(.error.kind) \(.error.hint)"')" "permission chmod u+rwx '$closed'"
done
is "$(stat -c %a "$closed")" 0
expect_exit 12 mine "$STORE" restore .
mine sh -c "$(sed -n 's/^try: //p' "$err")"
mine "$STORE" restore -q . && is "$(mine "$STORE" status --porcelain)" ''
# It goes to another place as a whole, and the index knows.
mode=$(stat -c %a "$closed") && chmod 000 "$closed"
expect_exit 0 mine "$STORE" mv 'd q' z
is "$(mine "$STORE" ls -r : | paste -sd ' ')" 'h z z/e z/e/g z/f'
chmod "$mode" z
is "$(mine "$STORE" status --porcelain | paste -sd ,)" 'R  "d q/e/g" -> z/e/g,R  "d q/f" -> z/f'
mine "$STORE" mv z 'd q' && is "$(mine "$STORE" status --porcelain)" ''
# What somebody else has closed is not ours to open.
if ((EUID == 0)); then
  chown 0 "$closed" && chmod 000 "$closed"
  expect_exit 12 mine "$STORE" --json restore .
  is "$(got .error.hint)" null
fi
