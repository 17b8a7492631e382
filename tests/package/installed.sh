#!/usr/bin/env bash
# installed.sh DEB…: installs the packages with dpkg as an administrator would, into a copy of this system that is thrown away (an
# overlay in memory), and looks at what a user of it has: the program, its manual where man looks, completions where bash, zsh and
# fish look; then purges them, after which nothing of them is left. Without the right to mount it is skipped (77).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

if [[ ${1:-} != --inside ]]; then
  (($# > 0)) || { echo 'usage: installed.sh DEB…' >&2; exit 2; }
  ((EUID == 0)) || skip 'installing needs root'
  unshare -m true 2>/dev/null || skip 'may not unshare'
  packages=()
  for package; do packages+=("$(realpath "$package")"); done
  exec unshare -m bash "${BASH_SOURCE[0]}" --inside "${packages[@]}"
fi
shift

# Mounts of this namespace alone: they go with it.
place=$(mktemp -d)
trap 'umount -l "$place" 2>/dev/null; rmdir "$place"' EXIT
mount -t tmpfs none "$place" 2>/dev/null || skip 'may not mount'
mkdir "$place"/{changes,work,root,packages}
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/changes,workdir=$place/work" "$place/root" 2>/dev/null || skip 'no overlay here'
root=$place/root
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs none "$root/tmp"
mount -t tmpfs none "$root/root"
cp "$@" "$root/root"
cp "$here/tests/e2e/support/type_into_shell.py" "$root/root"
inside() { chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=xterm "$@"; }
# What may differ: what dpkg and man keep for themselves.
paths() {
  inside find / -xdev \( -path /var/lib/dpkg -o -path /var/cache -o -path /var/log -o -path /run \) -prune -o -print | sort
}

status() { inside dpkg-query -W -f "\${Status}" "$1" 2>/dev/null || true; }

names=()
for package in "$root"/root/*.deb; do names+=("$(dpkg-deb -f "$package" Package)"); done
for name in "${names[@]}"; do
  [[ $(status "$name") != *installed ]] || skip "$name is installed here"
done

paths >"$place/before"
# Small images leave the manual out (path-exclude).
inside sh -c 'dpkg --path-include="/usr/share/*" -i /root/*.deb' >"$place/log" 2>&1 || fail "dpkg -i: $(cat "$place/log")"
for name in "${names[@]}"; do
  [[ $(status "$name") == 'install ok installed' ]] || fail "$name: is not configured"
  inside dpkg --verify "$name" || fail "$name: dpkg --verify"
done

[[ $(inside store --version | head -n 1) == "store $(dpkg-deb -f "$(find "$root/root" -name 'store_*.deb')" Version)" ]] ||
  fail "store --version says $(inside store --version)"
[[ $(inside sh -c 'command -v store') == /usr/bin/store ]] || fail 'no store in PATH'
inside sh -c 'mkdir /tmp/w && cd /tmp/w && store -q init && echo hello >greeting && store -q commit -A -m first && store cat HEAD:greeting' |
  grep -qx hello || fail 'store does not work'

# The manual: found by man, and shown.
inside man -w store >/dev/null || fail 'no page of store'
inside store help --json | jq -r '.result.words[].word' | while read -r word; do
  inside man -w "store-$word" >/dev/null || fail "no page of $word"
done
inside man -P cat store-save 2>/dev/null | grep -q 'commit a folder to a branch' || fail 'man store-save shows nothing'

# Completion: in shells that nobody has told of it.
tab=$'\t'
jq -nc --arg keys "store checko${tab}x" '[$keys, "store", "checkout", "x"]' >"$place/cases"
[[ -e $root/usr/share/bash-completion/bash_completion ]] || fail 'no bash-completion (tools/packages.sh package)'
for shell in bash zsh fish; do
  inside sh -c "command -v $shell" >/dev/null || fail "no $shell (tools/packages.sh package)"
  script=/dev/null
  if [[ $shell == bash ]]; then script=/usr/share/bash-completion/bash_completion; fi
  inside python3 /root/type_into_shell.py "$shell" "$script" <"$place/cases" || fail "$shell does not complete"
done

[[ -e $root/usr/share/doc/store/copyright ]] || fail 'no licence'
rm -rf "$root/tmp/w"
inside dpkg -P "${names[@]}" >"$place/log" 2>&1 || fail "dpkg -P: $(cat "$place/log")"
paths >"$place/after"
diff "$place/before" "$place/after" >&2 || fail 'purged, but not all of it is gone'
echo "${names[*]}: installed, tried and purged"
