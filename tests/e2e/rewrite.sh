#!/usr/bin/env bash
# Large files are rewritten in place: what of it a user notices.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

edit() { printf '%s' "$1" | dd of=big bs=1 seek="$2" conv=notrunc status=none; }

store init -q
noise 1 20971520 >big
store add -q . && store commit -qm one
cp big "$scratch/one"
edit "a change in the middle" 10000000 && truncate -s 20000000 big
cp big "$scratch/two"
store commit -qam two
sleep 0.1 && store status -s

# Every word that writes files; each time it stays the same file, and little is written.
inode=$(stat -c %i big)
for command in 'checkout -q HEAD~1' 'switch -q -' 'checkout -q HEAD~1 -- big' 'checkout -q --force HEAD -- big' 'undo -q' 'undo -q' \
  'restore -q --source HEAD~1 big'; do
  before=$(sha256sum <big)
  sleep 0.05
  store status -s >/dev/null  # settles its stat
  # shellcheck disable=SC2086
  at_most "$(json .result.bytes $command)" 1200000
  isnt "$(sha256sum <big)" "$before"
  is "$(stat -c %i big)" "$inode"
done
# What it holds now is not what is staged: nobody knows more of it than its bytes.
expect_exit 0 store restore -q big
cmp big "$scratch/two"
is "$(store status -s)" ''
sleep 0.05 && store status -s
inode=$(stat -c %i big)

# A mode and a time of its own come with it.
chmod 700 big && touch -d '2001-02-03 04:05:06' big
store commit -qam mode
store checkout -q HEAD~2
cmp big "$scratch/one"
is "$(stat -c %a big)" 644
sleep 0.05 && store status -s
store switch -q main
cmp big "$scratch/two"
is "$(stat -c '%a %Y' big)" "700 $(date -d '2001-02-03 04:05:06' +%s)"
is "$(stat -c %i big)" "$inode"

# A program that runs is not written to: the file is replaced beneath it.
cp "$(command -v sleep)" program && head -c 4M /dev/zero >>program
store add -q program && store commit -qm program
printf x | dd of=program bs=1 seek=3000000 conv=notrunc status=none
store commit -qam 'changed program'
sleep 0.1 && store status -s
./program 60 & running=$!
trap 'kill $running; on_exit' EXIT
inode=$(stat -c %i program)
expect_exit 0 store checkout HEAD~1
isnt "$(stat -c %i program)" "$inode"
is "$(store status -s)" ''
