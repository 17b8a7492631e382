#!/usr/bin/env bash
# cat: byte ranges of RFC 7233, files of one chunk and of many, symlinks, directories, -o.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
noise 1 700000 >big && printf 0123456789 >small && : >none && ln -s big l && mkdir d
store add -q -A && store commit -q -m 1 >"$out"
bytes() { store cat --bytes "$1" "HEAD:$2"; }

for f in big small none; do store cat HEAD:$f | cmp - $f; done
is "$(store cat HEAD:l)" big
is "$(bytes 0-0 small)" 0
is "$(bytes 2-4 small)" 234
is "$(bytes 7- small)" 789
is "$(bytes -3 small)" 789
is "$(bytes 8-100 small)" 89
is "$(bytes -100 small)" 0123456789
is "$(bytes 0-18446744073709551616 small)" 0123456789
for range in 0-69999 65535-65536 100000-599999 699999-699999 650000- -1 -131073; do
  from=${range%%-*} to=${range##*-}
  if [[ -z $from ]]; then from=$((700000 - to)) to=699999; fi
  count=$((${to:-699999} - from + 1))
  cmp <(bytes "$range" big) <(dd if=big iflag=skip_bytes,count_bytes skip="$from" count="$count" status=none)
done
expect_exit 4 store cat --bytes 10-12 HEAD:small
expect_exit 4 store cat --bytes 10- HEAD:small
expect_exit 4 store cat --bytes 0-0 HEAD:none
for bad in 5-3 0-1,3-4 x - 1 +1-2; do expect_exit 2 store cat --bytes "$bad" HEAD:small; done
expect_exit 4 store cat HEAD:d
contains "$err" 'store ls'
expect_exit 4 store cat HEAD:nothing
expect_exit 2 store --json cat HEAD:small
is "$(got .error.code)" 2

echo old >o && store cat -o o HEAD:small && is "$(cat o)" 0123456789
expect_exit 4 store cat -o o HEAD:smal
is "$(cat o)" 0123456789
contains "$err" small

# What cannot be written is named as it was asked for.
expect_exit 4 store cat -o nowhere/o HEAD:small
contains "$err" "$PWD/nowhere/o: open: No such file or directory"
(ulimit -f 1 && trap '' XFSZ && expect_exit 14 store cat -o full HEAD:big)
contains "$err" "$PWD/full: write: "
[[ ! -e full ]]
