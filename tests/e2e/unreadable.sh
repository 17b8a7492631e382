#!/usr/bin/env bash
# What cannot be read is not overwritten, by force neither: it can be neither compared nor kept. The command names it and the way out.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

need_nobody
echo 1 >f && echo 1 >g
if ((EUID == 0)); then chown -R 65534:65534 .; fi
as_nobody store init -q
as_nobody store commit -q -A -m one >"$out"
as_nobody store branch one
echo 22 >f && echo 22 >g
as_nobody store commit -q -A -m two >"$out"

# refused COMMAND…: nothing is touched.
refused() {
  expect_exit 12 as_nobody "$@"
  is "$(got '.error.kind')" permission
  is "$(got '.error.message')" "${message:-f: cannot be kept before it is overwritten: open: Permission denied}"
  is "$(got '.error.hint')" 'make it readable, or move it away, then run the command again'
  is "$(stat -c %a f) $(cat g)" '0 33'
}
entries() { as_nobody store --json oplog | jq '.result.entries | length'; }

echo mine >f && echo 33 >g && chmod 000 f
before=$(entries)
refused store --json checkout -f one
refused store --json switch -f one
refused store --json checkout -f one -- f g
refused store --json restore .
refused store --json restore --source one .
refused store --json rm -f f
is "$(entries)" "$before"
is "$(as_nobody store branch | grep '^\*')" '* main'

# Moved away it is in nobody's way.
as_nobody mv f away
expect_exit 0 as_nobody store switch -f one
is "$(cat f g)" $'1\n1'
chmod 644 away
is "$(cat away)" mine

# Undo says that it could not be read, not that it has changed.
rm away
as_nobody sh -c 'echo 2 >f'
expect_exit 7 as_nobody store undo
as_nobody sh -c 'echo 1 >f; touch -d 2001-02-03 f'
chmod 000 f && echo 33 >g && echo 1 >g
message='f: open: Permission denied'
expect_exit 12 as_nobody store --json undo
is "$(got '.error.message')" "$message"
is "$(got '.error.hint')" 'make it readable, or move it away, then run the command again'
chmod 644 f
expect_exit 0 as_nobody store undo
[[ ! -e f ]] || fail 'f is there'
is "$(cat g)" 33
