#!/usr/bin/env bash
# status: empty directories and permissions are content; -s, -uall, --exit-code, --json, without a repository lock.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p e d/f && echo 1 >d/a && echo 2 >d/f/b
is "$(store status --porcelain)" $'?? d/\n?? e/'
is "$(store status --porcelain -uall)" $'?? d/a\n?? d/f/b\n?? e/'
is "$(json '.result.untracked | map(.path) | tojson' status)" '["d/a","d/f/b","e"]'
expect_exit 1 store status --exit-code
store add -q e && is "$(store status --porcelain)" $'A  e/\n?? d/'
store add -q -A && store commit -q -m 1 >"$out"
expect_exit 0 store status --exit-code
chmod 700 d && chmod 600 d/a
is "$(store status --porcelain)" $' M d/\n M d/a'
(cd d && is "$(store status -s --color never)" $' M ./\n M a')
rmdir e && store add -q -A && is "$(store status --porcelain)" $'M  d/\nM  d/a\nD  e/'
is "$(json '.result.staged | map(.change) | tojson' status)" '["modified","modified","deleted"]'
rm d/f/b && is "$(store status --porcelain | grep f/b)" ' D d/f/b'
rm -r d && echo file >d && is "$(store status --porcelain)" $'M  d/\nMD d/a\n D d/f/b\nD  e/\n?? d'
rm d && store add -q -A && store checkout -q --force HEAD -- . && is "$(store status --porcelain)" ''

# Given paths, nothing is said of others.
echo late >late
is "$(store status d)" $'On branch main\nno changes in these paths'
is "$(store status late | tail -n 1)" $'\tlate'
rm late

# An empty directory that became a file; a file that became an empty directory: it is content of its own.
mkdir t && echo 1 >u && store add -q t u && store commit -q -m t >"$out"
rmdir t && echo 1 >t && rm u && mkdir u
is "$(store status --porcelain)" $' D t/\n D u\n?? t\n?? u/'
is "$(store status --porcelain -uall)" $' D t/\n D u\n?? t\n?? u/'
store checkout -q --force HEAD -- . && is "$(store status --porcelain)" ''

# Works in a repository that may not be written, and then changes nothing.
need_nobody
chmod 700 d && store add -q -A && store commit -q -m 2 --allow-empty >"$out" && chmod 755 d && chmod 640 d/a
is "$(STORE_SAFE_DIRECTORY='*' as_nobody store status --porcelain)" $' M d/\n M d/a'
