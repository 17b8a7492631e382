#!/usr/bin/env bash
# Modes with set-id bits, fifos, dangling links and empty things; restored under any umask, status is empty afterwards.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p empty d && mkfifo -m 640 fifo && ln -s /nowhere/at/all dangling && ln -s . d/loop && : >none
printf x >run && chmod 4711 run && chmod 1777 d && printf y >secret && chmod 400 secret && mkdir -m 500 closed
store add -q -A && store commit -q -m 1 >"$out"
is "$(json '.result.entries | map(.type) | unique | tojson' ls)" '["directory","fifo","file","symlink"]'
for mask in 000 022 077 777; do
  (umask $mask && store checkout -q HEAD --out "$scratch/o$mask")
  equal_trees . "$scratch/o$mask"
done
rm -rf empty d fifo dangling none run secret closed
umask 077
store checkout -q HEAD -- . 2>"$err" || store checkout -q --force HEAD -- .
is "$(store status --porcelain)" ''
equal_trees . "$scratch/o000"

# With core.permissions = exec only the owner's execute bit counts.
store init -q --permissions exec ../e && cd ../e
echo 1 >a && chmod 600 a && echo 2 >b && chmod 700 b && mkdir -m 700 d
store add -q -A && store commit -q -m 1 >"$out"
is "$(json '.result.entries | map(.mode) | tojson' ls)" '["0644","0755","0755"]'
chmod 664 a && is "$(store status --porcelain)" ''
