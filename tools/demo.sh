#!/usr/bin/env bash
# Builds store and shows the main path on real data of this machine: a tree of at least 20,000 files and one file of
# more than 1 GiB. Everything happens in one temporary folder, removed at the end.
#   tools/demo.sh [TREE]     TREE: use this folder instead of a copy of parts of /usr
set -euo pipefail
cd "$(dirname "$0")/.."

min_files=20000
big_bytes=$((1100 << 20))
need_mib=6000

bold='' dim='' plain=''
if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
now() { echo "${EPOCHREALTIME/[.,]/}"; }                      # microseconds
mib() { awk -v b="$1" 'BEGIN { printf "%.1f MiB", b / 1048576 }'; }
bytes_below() { du -s --apparent-size -B1 "$1" | cut -f1; }
files_below() { find "$1" -type f -printf . | wc -c; }

# rate BYTES FILES MICROSECONDS
rate() {
  awk -v b="$1" -v f="$2" -v t="$3" 'BEGIN {
    s = t / 1e6; if (s <= 0) s = 1e-6
    printf "%.2f s, %.0f MiB/s", s, b / 1048576 / s
    if (f > 1) printf ", %.0f files/s", f / s
    printf "\n" }'
}

# show WORD…: prints the command, runs it, and keeps the microseconds it took in $took.
show() {
  local start word line=''
  for word; do
    if [[ $word == *' '* ]]; then line+=" '$word'"; else line+=" $word"; fi
  done
  printf '\n%s$ store%s%s\n' "$bold" "$line" "$plain"
  start=$(now)
  "$store" "$@"
  took=$(($(now) - start))
}

copy_of_usr() {
  local source
  for source in /usr/include /usr/share/* /usr/lib/*/* /usr/include /usr/share /usr/lib; do
    if (($(files_below "$1") >= min_files)); then return; fi
    mkdir -p "$1/part-$((++parts))"
    cp -a "$source" "$1/part-$parts/" 2>/dev/null || true
  done
}

title 'Building (cmake --preset release)'
start=$(now)
tools/packages.sh build
cmake --preset release >/dev/null
cmake --build --preset release | tail -n 1
store=$PWD/build/release/app/store
note "built in $(rate 0 0 $(($(now) - start)) | cut -d, -f1): $("$store" version | head -n 1)"

demo=$(mktemp -d "${TMPDIR:-/tmp}/store-demo.XXXXXX")
trap 'rm -rf "$demo"' EXIT
trap 'exit 130' INT TERM
if (($(df --output=avail -m "$demo" | tail -n 1) < need_mib)); then
  echo "the demo needs $need_mib MiB in $demo: set TMPDIR" >&2
  exit 9
fi

title 'Collecting real data'
work=$demo/work
mkdir "$work"
parts=0
if [[ -n ${1:-} ]]; then cp -a "$1" "$work/tree"; else mkdir "$work/tree" && copy_of_usr "$work/tree"; fi
while size=$(stat -c %s "$work/big.tar" 2>/dev/null || echo 0) && ((size < big_bytes)); do
  { tar -cf - /usr/lib /usr/bin /usr/share 2>/dev/null || true; } | head -c $((big_bytes - size)) >>"$work/big.tar" || true
done
files=$(files_below "$work")
bytes=$(bytes_below "$work")
big=$(stat -c %s "$work/big.tar")
note "$files files, $(mib "$bytes"), one of them of $(mib "$big")"
(cd "$work" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$demo/first.sha256"

cd "$work"
show init
show add -A
note "$(rate "$bytes" "$files" "$took")"
first_add=$took
show commit -m 'first version'
first_size=$(bytes_below .store)
note "repository: $(mib "$first_size") for $(mib "$bytes"), everything durable"

title 'Changes: 100 files, a renamed folder, 1 MiB inserted in the middle of the big file, 1 byte flipped'
mapfile -d '' -t changed < <(find tree -type f -size -64k -writable -print0 | sort -z)
for name in "${changed[@]:0:100}"; do echo 'a changed line' >>"$name"; done
mapfile -d '' -t folders < <(find tree -mindepth 2 -maxdepth 2 -type d -print0 | sort -z)
if ((${#folders[@]} > 0)); then mv "${folders[0]}" "${folders[0]}-renamed"; fi
{ head -c $((big / 2)) big.tar; head -c 1M /dev/urandom; tail -c +$((big / 2 + 1)) big.tar; } >big.new
printf X | dd of=big.new bs=1 seek=$((big / 4)) conv=notrunc status=none
mv big.new big.tar

show -q add -A
note "$(rate "$(bytes_below "$work/big.tar")" 0 "$took") of the changed content"
show commit -m 'second version'
second_size=$(bytes_below .store)
note "the repository grew by $(mib $((second_size - first_size)))"
show log --oneline
show status --porcelain

show checkout HEAD~1 --out "$demo/first"
note "$(rate "$bytes" "$files" "$took"), every byte verified"
(cd "$demo/first" && sha256sum --quiet -c "$demo/first.sha256")
note "the first version is back: $(wc -l <"$demo/first.sha256") files equal their SHA-256 from before"

show checkout HEAD~1
show checkout main
show fsck
note "$(rate "$second_size" 0 "$took")"

title 'Summary'
awk -v logical="$((bytes * 2))" -v size="$second_size" -v first="$bytes" -v fsize="$first_size" -v files="$files" -v t="$first_add" 'BEGIN {
  m = 1048576
  printf "%-34s %10d\n", "files in a version", files
  printf "%-34s %10.1f MiB\n", "content of one version", first / m
  printf "%-34s %10.1f MiB  (%.2f : 1)\n", "repository after one version", fsize / m, first / fsize
  printf "%-34s %10.1f MiB  (%.2f : 1)\n", "repository after two versions", size / m, logical / size
  printf "%-34s %10.1f s    (%.0f MiB/s, %.0f files/s)\n", "first add", t / 1e6, first / m / (t / 1e6), files / (t / 1e6)
}'
