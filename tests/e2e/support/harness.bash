# shellcheck shell=bash
# Sourced by every end-to-end test. The test runs in an empty folder; the first command that fails ends it, its line is
# printed and the folder kept. $STORE is the program (default: the dev build). Exit codes: 0 passed, 77 skipped.
set -eEuo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
STORE=${STORE:-$here/build/dev/app/store}
script=$(realpath "$0")
name=$(basename "$0" .sh)
mkdir -p "${E2E_SCRATCH:=${TMPDIR:-/tmp}/store-e2e}"
scratch=$(mktemp -d "$E2E_SCRATCH/$name.XXXXXX")
chmod 755 "$scratch"
out=$scratch/out err=$scratch/err
mounts=()

# Nothing of the user's leaks in.
while IFS= read -r variable; do unset "$variable"; done < <(compgen -e | grep -E '^(STORE_|XDG_|GIT_|SOURCE_DATE_EPOCH|NO_COLOR|CI$|LC_)' || true)
export HOME=$scratch/home LC_ALL=C.UTF-8 TZ=UTC TERM=dumb
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_CONFIG_NOSYSTEM=1
umask 022
mkdir "$HOME" "$scratch/work" "$scratch/bin"
ln -s "$(realpath "$STORE")" "$scratch/bin/store"
PATH=$scratch/bin:$PATH
cd "$scratch/work"

on_error() {
  local status=$? i
  trap - ERR
  {
    for ((i = 0; i < ${#BASH_LINENO[@]} - 1; i++)); do
      if [[ ${BASH_SOURCE[i + 1]} != */harness.bash ]]; then
        echo "FAILED: $script:${BASH_LINENO[i]}: $(sed -n "${BASH_LINENO[i]}p" "$script" | sed 's/^ *//')"
      fi
    done
    if [[ -s $err ]]; then echo "  last stderr: $(tail -c 1500 "$err")"; fi
  } >&2
  exit "$status"
}

on_exit() {
  local status=$? mounted
  cd /
  if [[ -e $scratch/failed ]] && ((status == 0)); then status=1; fi
  if ((status != 0 && status != 77)); then
    echo "kept: $scratch" >&2
    exit "$status"
  fi
  for mounted in "${mounts[@]}"; do umount -l "$mounted"; done
  chmod -R u+rwX "$scratch" 2>/dev/null || true
  rm -rf "$scratch"
}
trap on_error ERR
trap on_exit EXIT

# Bash goes on behind a failure that stands before && or in a condition: on_exit looks for the file.
fail() {
  echo "$*" >&2
  : >"$scratch/failed"
  return 1
}
skip() { echo "skipped: $*"; exit 77; }

# is ACTUAL EXPECTED
is() { [[ $1 == "$2" ]] || fail "got '$1', expected '$2'"; }
isnt() { [[ $1 != "$2" ]] || fail "'$1' and '$2' should differ"; }
# at_most NUMBER LIMIT
at_most() { (($1 <= $2)) || fail "$1 is more than $2"; }
at_least() { (($1 >= $2)) || fail "$1 is less than $2"; }
# contains FILE FIXED-TEXT
contains() { grep -qaF -- "$2" "$1" || fail "'$2' is not in $1: $(head -c 2000 "$1")"; }

# expect_exit CODE COMMAND…: output goes to $out and $err.
expect_exit() {
  local expected=$1 status=0
  shift
  "$@" >"$out" 2>"$err" </dev/null || status=$?
  ((status == expected)) || fail "exit $status instead of $expected: $* ($(tail -c 1000 "$err"))"
}

# json FILTER WORD…: runs store --json WORD…, which must succeed, and prints what jq's FILTER makes of the answer.
json() {
  local filter=$1
  shift
  expect_exit 0 store --json "$@"
  got "$filter"
}
# got FILTER: the same on the last --json answer, which must be one object on one line.
got() {
  is "$(wc -l <"$out")" 1
  jq -r "$1" "$out"
}

# noise SEED BYTES: incompressible bytes, always the same ones.
noise() {
  python3 -c 'import random, sys
r = random.Random(sys.argv[1]); left = int(sys.argv[2])
while left: n = min(left, 1 << 20); sys.stdout.buffer.write(r.randbytes(n)); left -= n' "$1" "$2"
}

# words SEED BYTES: compressible text.
words() {
  python3 -c 'import random, sys
r = random.Random(sys.argv[1]); left = int(sys.argv[2])
w = [bytes(r.choices(b"abcdefghij ", k=r.randint(2, 9))) for _ in range(2000)]
while left: b = b" ".join(r.choices(w, k=10000))[:left]; sys.stdout.buffer.write(b); left -= len(b)' "$1" "$2"
}

# bytes_in PATH…: of all files.
bytes_in() { find "$@" -type f -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }'; }
stored_bytes() { find .store -name '*.pack' -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }'; }
packs() { find .store/packs -name '*.pack' -printf '%f\n' | sort; }
head_id() { json .result.head status; }

# as_nobody COMMAND…: without any privilege.
as_nobody() {
  if ((EUID == 0)); then setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"; else "$@"; fi
}
need_nobody() { as_nobody test -x "$STORE" || skip "nobody may not run $STORE"; }

# own_peak WORD…: runs store WORD…, which must succeed, and looks at its private memory a hundred times a second: the peak in KiB
# is $own_kib.
own_peak() {
  local now state pid key value
  own_kib=0
  store "$@" >"$out" 2>"$err" <&0 &  # or bash makes it /dev/null
  pid=$!
  while
    now=0 state=''  # a process that is just executing has no memory
    while read -r key value; do
      case $key in
        State:) state=${value%% *} ;;
        RssAnon:) now=${value% kB} ;;
      esac
    done 2>/dev/null <"/proc/$pid/status"
    [[ -n $state && $state != Z ]]
  do
    ((now <= own_kib)) || own_kib=$now
    sleep 0.01
  done
  wait $pid
  echo "store $*: $((own_kib >> 10)) MiB"
}
# own_memory LIMIT WORD…: the same, and the peak is at most LIMIT MiB.
own_memory() {
  own_peak "${@:2}"
  at_most $((own_kib >> 10)) "$1"
}

# memory_limit MIB OPTION…: from now on store is store OPTION… with no more private memory to write to than that; mapped files and the
# text of libraries are apart, thread stacks count in full. What it wants beyond fails.
memory_limit() {
  rm -f "$scratch/bin/store"
  printf '#!/bin/sh\nexec prlimit --data=%d "%s" %s "$@"\n' $(($1 << 20)) "$(realpath "$STORE")" "${*:2}" >"$scratch/bin/store"
  chmod +x "$scratch/bin/store"
}

# small_disk SIZE DIR: a tmpfs, unmounted at the end.
small_disk() {
  mkdir -p "$2"
  mount -t tmpfs -o "size=$1" none "$2" 2>/dev/null || skip "may not mount"
  mounts+=("$2")
}

# ext4_disk SIZE DIR: the same with ext4.
ext4_disk() {
  PATH=$PATH:/sbin:/usr/sbin
  mkdir -p "$2" && truncate -s "$1" "$2.image" && mkfs.ext4 -q "$2.image"
  mount -o loop "$2.image" "$2" 2>/dev/null || skip 'may not mount'
  mounts+=("$2")
}

# vfat_disk SIZE DIR UID: a FAT disk whose files all belong to UID, by the kernel or, where it has none, through FUSE; unmounted
# at the end.
vfat_disk() {
  local options="uid=$3,gid=$3,umask=022"
  [[ $EUID == 0 ]] || skip 'mounting needs root'
  PATH=$PATH:/sbin:/usr/sbin
  command -v mkfs.vfat >/dev/null || skip 'mkfs.vfat is missing (tools/packages.sh)'
  mkdir -p "$2" && truncate -s "$1" "$2.image" && mkfs.vfat "$2.image" >/dev/null
  if ! mount -t vfat -o "loop,$options" "$2.image" "$2" 2>/dev/null; then
    command -v fusefat >/dev/null || skip 'neither vfat in the kernel nor fusefat (tools/packages.sh)'
    fusefat -o "rw+,allow_other,$options" "$2.image" "$2" >/dev/null 2>&1 || skip 'may not mount through FUSE'
  fi
  mounts+=("$2")
}

# equal_trees A B: content, types, modes and link targets; sizes of holes do not matter.
equal_trees() {
  diff <(cd "$1" && listing) <(cd "$2" && listing) >&2
  diff <(cd "$1" && contents) <(cd "$2" && contents) >&2
}
contents() { find . -name .store -prune -o -type f -print0 | sort -z | xargs -0r sha256sum; }
listing() { find . -name .store -prune -o -mindepth 1 ! -type l -printf '%y %#m %P\0' -o -type l -printf 'l %P -> %l\0' | sort -z | tr '\0' '\n'; }
