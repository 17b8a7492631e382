#!/usr/bin/env bash
# What an ordinary user's own tree holds goes in and comes out again, whatever the umask: times, extended attributes, hard links, holes,
# directories nobody may write to. A file that the user may not read is named, and nothing else is lost by it.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

for tool in rsync getfattr setfattr; do
  command -v $tool >/dev/null || skip "$tool is missing (tools/packages.sh)"
done
need_nobody
mkdir "$scratch/mine" && cd "$scratch/mine"
[[ $EUID != 0 ]] || chown 65534:65534 .
user() { as_nobody env HOME="$scratch/mine" "$@"; }

umask 077
user mkdir w && cd w
user bash -e <<'END'
mkdir -p closed/in links/other plain empty
echo x >plain/file && chmod 640 plain/file && echo x >plain/read_only && chmod 444 plain/read_only
printf '#!/bin/sh\n' >plain/run && chmod 755 plain/run
echo l >links/a && ln links/a links/b && ln links/a links/other/c && ln links/a plain/a
ln -s ../plain/file links/to && ln -P links/to links/too && mkfifo -m 600 fifo && ln fifo links/fifo
truncate -s 8M holes && printf data | dd of=holes bs=1 seek=4000000 conv=notrunc status=none
head -c 64K /dev/zero >zeros
if setfattr -n user.note -v some plain/file 2>/dev/null; then
  setfattr -n user.long -v "$(head -c 1000 /dev/zero | tr '\0' v)" plain/run
  setfattr -n user.folder -v here closed
fi
echo c >closed/in/file && touch -d '1969-12-31 23:00:00.123456789' closed/in/file
touch -d '2001-02-03 04:05:06.789012345' plain/file plain links/a empty holes && touch -h -d '2002-02-02 02:02:02.5' links/to
chmod 555 closed/in closed
END

same() {
  rsync -aHAXn --checksum --delete --itemize-changes --exclude=/.store "$1/" "$2/" >"$err"
  is "$(cat "$err")" ''
  rsync -aHAXn --checksum --delete --itemize-changes --exclude=/.store "$2/" "$1/" >"$err"
  is "$(cat "$err")" ''
}

user store init -q && user store commit -q -A -m 1 >"$out" 2>"$err"
is "$(user store status --porcelain)" ''
user store checkout -q HEAD --out ../o 2>"$err"
is "$(cat "$err")" ''
same . ../o
at_most "$(du -k ../o/holes | cut -f 1)" 64
at_least "$(du -k ../o/zeros | cut -f 1)" 64

# Into the working tree, everything gone.
user cp -a . ../kept && user rm -rf ../kept/.store
user chmod -R u+w closed && find . -mindepth 1 -maxdepth 1 ! -name .store -exec rm -rf {} +
user store --json checkout --force HEAD -- . >"$out" 2>"$err"
is "$(jq -c '[.result.failed, ([.result.not_restored[]] | add)]' "$out")" '[[],0]'
is "$(user store status --porcelain)" ''
touch -r ../kept .
same . ../kept
user store add -q -A && is "$(user store status --porcelain)" ''

# A file and a folder that may not be read: both are named, the rest goes in; what was recorded of them stays.
user bash -ec 'echo new >plain/new; echo secret >plain/secret; chmod 000 plain/secret plain/read_only; mkdir shut; echo in >shut/in; chmod 000 shut'
expect_exit 3 user store --json add -A
is "$(jq -c '[.result.failed[].path] | sort' "$out")" '["plain/read_only","plain/secret","shut"]'
user store commit -q -m 2 >"$out"
is "$(user store ls -r HEAD:plain | tr '\n' ' ')" 'plain/a plain/file plain/new plain/read_only plain/run '
user chmod 444 plain/read_only && user chmod 600 plain/secret && user chmod 700 shut
user rm -r plain/secret shut
is "$(user store status --porcelain)" ''
user store checkout -q HEAD --out ../o2 2>"$err"
touch -r . ../o2 && touch -r plain ../o2/plain
same . ../o2
user chmod -R u+w "$scratch/mine"
