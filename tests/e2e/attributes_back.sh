#!/usr/bin/env bash
# Times, owners, extended attributes and links come back with restore, undo and checkout of paths, as far as they are known;
# and what damaged attributes cost.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

owner=$(id -u):$(id -g)
[[ $EUID != 0 ]] || owner=4321:8765
look() { stat -c '%n %y %u:%g %a' "$@"; }
note() { getfattr --only-values -n user.note "$1" 2>/dev/null || true; }

store init -q
mkdir -p d/e
echo one >d/a && echo e >d/e/f && echo x >b && ln b d/linked && ln -s a d/link
[[ $EUID != 0 ]] || chown -h 4321:8765 d/a d/link d/e
noted=
if command -v setfattr >/dev/null && setfattr -n user.note -v first d/a 2>/dev/null; then noted=first; fi
touch -d '2001-02-03 04:05:06.789' d/a && touch -h -d '2002-02-02 02:02:02.5' d/link && touch -d '2003-03-03' d/e/f b
touch -d '2004-04-04' d/e && touch -d '2005-05-05 05:05:05.000000001' d
first=$(store commit -q -A -m 1)
whole=$(look d/a d/link d/e d/e/f b d/linked d)

# restore: as the index has it, which is more than the commit has.
echo mine >d/a && rm d/link && touch b && chmod 700 d/e
store restore -q d b
is "$(look d/a d/link d/e d/e/f b d/linked d)" "$whole"
is "$(note d/a)" "$noted"
is "$(stat -c %i b)" "$(stat -c %i d/linked)"
is "$(store status --porcelain)" ''
touch -d '2010-10-10' d/a && store add -q d/a && echo mine >d/a
store restore -q d/a
is "$(stat -c %y d/a)" '2010-10-10 00:00:00.000000000 +0000'
touch -d '2011-11-11' d/a
store restore -q d/a
is "$(stat -c %y d/a)" '2010-10-10 00:00:00.000000000 +0000'
is "$(stat -c %u:%g d/a)" "$owner"

# Links stay links in what is committed after all this, and after a checkout that found nothing to write.
store checkout -q HEAD -- b
store add -q -A && store commit -q -m again --allow-empty >"$out"
store checkout -q HEAD --out "$scratch/linked"
is "$(stat -c %h "$scratch/linked/b")" 2
touch -d '2001-02-03 04:05:06.789' d/a && touch -d '2005-05-05 05:05:05.000000001' d
store add -q -A && store commit -q -m again --allow-empty >"$out"
rm -f d/unknown && whole=$(look d/a d/link d/e d/e/f b d/linked d)

# undo of rm, of a forced checkout and of a restore.
store rm -q -r d
store undo -q
is "$(look d/a d/link d/e d/e/f d/linked d)" "$(grep -v '^b ' <<<"$whole")"
is "$(note d/a)" "$noted"
is "$(store status --porcelain)" ''
echo other >d/a && touch -d '2012-12-12' d && second=$(store commit -q -a -m 2)
store checkout -q "$first" && echo mine >d/a
store checkout -q --force main
is "$(cat d/a)" other
store undo -q
is "$(cat d/a)" mine
is "$(store status --porcelain)" ' M d/a'
store restore -q d/a
is "$(stat -c '%y %u:%g' d/a)" "2001-02-03 04:05:06.789000000 +0000 $owner"
store undo -q
is "$(cat d/a)" mine
store restore -q d/a && store checkout -q main
store undo -q
is "$(look d/a d)" "$(grep -E '^d(/a)? ' <<<"$whole")"
is "$(store status --porcelain)" ''

# Two commits of one tree with other attributes: any checkout takes them.
store checkout -q main && touch -d '2020-02-02' d/a && store add -q -A && third=$(store commit -q -m 3 --allow-empty)
is "$(json .result.commits[0].tree log -n 1 "$third")" "$(json .result.commits[0].tree log -n 1 "$second")"
then=$(stat -c %y d/a)
store checkout -q "$second"
is "$(stat -c %y d/a | cut -c 1-4)" "$(date +%Y)"
touch -d '2020-02-02' d/a
store checkout -q "$second" -- .
is "$(stat -c %y d/a | cut -c 1-4)" "$(date +%Y)"
store checkout -q "$third" && is "$(stat -c %y d/a)" "$then"
is "$(store status --porcelain)" ''

