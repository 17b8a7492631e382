#!/usr/bin/env bash
# The first minute with the program, in every place where somebody may spend it.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
words=$(store help --json | jq -r '.result.words[].word')

# Without a repository, without arguments: a usage error, or the word that makes one.
for word in $words; do
  case $word in
    init) continue ;;
    help | version) expect_exit 0 store "$word" && continue ;;
  esac
  code=0
  store "$word" >"$out" 2>"$err" </dev/null || code=$?
  [[ $code == 2 || $code == 10 ]] || fail "$word: exit $code"
  contains "$err" 'try: store '
  expect_exit 0 store "$word" --help
  expect_exit 2 store "$word" --no-such-option
done

# Inside a git working tree: a note, and git is told not to look at it.
mkdir git && cd git && git init -q .
expect_exit 0 store init
contains .git/info/exclude .store
cd .. && rm -r git

# An empty repository.
store init -q
for word in status log diff branch tag oplog stats layers fsck repack; do expect_exit 0 store "$word"; done
for word in show ls manifest du; do
  expect_exit 4 store "$word"
  contains "$err" 'try: store commit'
done
expect_exit 1 store undo

# Into a pipe that nobody reads: the exit code, or -N for signal N.
to_nobody() {
  python3 -c 'import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
print(subprocess.call(sys.argv[1:], stdout=writer, stderr=subprocess.DEVNULL))' store "$@"
}

# Standard output full, closed, or nobody reads it.
echo x >x && store commit -q -A -m 1 >"$out"
for words in status log ls show stats layers du fsck oplog branch help version manifest 'config --list' 'cat HEAD:x' 'status --json'; do
  read -ra split <<<"$words"
  code=0
  store "${split[@]}" >/dev/full 2>"$err" || code=$?
  is "$words $code" "$words 9"
  code=0
  store "${split[@]}" >&- 2>"$err" || code=$?
  is "$words $code" "$words 14"
  contains "$err" 'standard output'
  is "$words $(to_nobody "${split[@]}")" "$words -13"
done

# What a command did stands, and it says so.
for form in 'commit -A' 'save .'; do
  echo "$form" >x && read -ra split <<<"$form" && [[ $form == commit* ]] || split+=(-b other)
  expect_exit 14 bash -c 'store "$@" -m m >&-' - "${split[@]}"
  contains "$err" 'the command itself is done'
  is "$(store cat "$([[ $form == commit* ]] && echo main || echo other):x")" "$form"
done

# Nobody that the system knows, with no home.
(unset HOME && store status >"$out")
if [[ $(id -u) == 0 ]]; then
  mkdir "$scratch/other" && cp -r .store x "$scratch/other"
  chown -R 54321:54321 "$scratch/other"
  (cd "$scratch/other" && setpriv --reuid 54321 --regid 54321 --clear-groups env -u HOME -u USER -u LOGNAME \
    "$scratch/bin/store" commit --allow-empty -m 2 >"$out" 2>"$err")
  store --repo "$scratch/other" log -n 1 >"$out"
  contains "$out" 'uid-54321 <uid-54321@'
  # With the home of somebody else, as sudo leaves it.
  mkdir -p "$scratch/closed/.config/store" && echo nonsense >"$scratch/closed/.config/store/config.toml" && chmod 700 "$scratch/closed"
  (cd "$scratch/other" && HOME="$scratch/closed" expect_exit 0 setpriv --reuid 54321 --regid 54321 --clear-groups "$scratch/bin/store" status)
  chmod 755 "$scratch/closed" && chmod 600 "$scratch/closed/.config/store/config.toml"
  (cd "$scratch/other" && HOME="$scratch/closed" expect_exit 12 setpriv --reuid 54321 --regid 54321 --clear-groups "$scratch/bin/store" status)
fi

# In a directory that is gone only what needs none works.
mkdir "$scratch/gone" && cd "$scratch/gone" && rmdir "$scratch/gone"
expect_exit 4 store status
contains "$err" 'the current directory is gone'
expect_exit 4 store -C ../work status
expect_exit 0 store version
expect_exit 0 store help add
expect_exit 0 store -C "$scratch/work" status
