#!/usr/bin/env bash
# What `status` and `add` remember of directories never changes what they say: random changes, with and without it.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

if [[ $(stat -f -c %T .) != @(ext2/ext3|xfs|btrfs|tmpfs) ]]; then skip 'a file system whose directory times are not relied on'; fi

store init -q
mkdir -p src/{a,b,c}/{x,y,z} build 'odd name'
for i in $(seq 60); do mkdir -p "deep/$i/in" && echo "$i" >"deep/$i/in/file"; done
for d in src/*/*; do echo one >"$d/1" && echo two >"$d/2"; done
ln -s 1 src/a/x/link
echo data >'odd name/ein Wort'
echo 'build/' >.storeignore
sleep 0.1
store add -q -A
store commit -qm all >"$out"
is "$(store status --porcelain)" ''
[[ -s .store/listings ]] || fail 'nothing was remembered of 70 directories'

# Both answers, of the tree as it is now.
compare() {
  local with without
  with=$(store status --porcelain --ignored)
  mv .store/listings .store/listings.away
  without=$(store status --porcelain --ignored)
  mv .store/listings.away .store/listings
  [[ $with == "$without" ]] || fail "$1: '$with', without what is remembered '$without'"
}

changes=0
change() {
  local d=${1:?}
  case $((RANDOM % 12)) in
    0) echo "new $RANDOM" >"$d/new$RANDOM" ;;
    1) rm -f "$d/1" ;;
    2) echo "more $RANDOM" >>"$d/2" ;;
    3) if [[ -f $d/2 ]]; then chmod u+x "$d/2"; fi ;;
    4) mkdir -p "$d/sub/deeper" ;;
    5) rm -rf "$d" && ln -s elsewhere "$d" ;;
    6) rm -rf "$d" && echo 'a file' >"$d" ;;
    7) touch "$d/1" ;;
    8) rm -rf "$d" ;;
    9) mkfifo "$d/pipe$RANDOM" ;;
    10)
      mv "$d" "$d.moved"
      cp -a "$d.moved" "$d"
      ;;
    11) mkdir -p build/out && echo x >"build/out/$RANDOM" ;;
  esac
}

RANDOM=7
for round in $(seq 40); do
  directories=(src/*/* deep/*/in 'odd name')
  for _ in 1 2; do
    d=${directories[RANDOM % ${#directories[@]}]}
    if [[ -d $d && ! -L $d ]]; then
      change "$d"
      changes=$((changes + 1))
    fi
  done
  compare "round $round"
  case $((round % 5)) in
    1) store add -q -A ;;
    2) store commit -qm "round $round" >"$out" || true ;;
    3) store add -q -u ;;
    4) sleep 0.03 && store status --porcelain >/dev/null ;;
  esac
  compare "round $round, staged"
done
((changes > 40)) || fail "only $changes changes were tried"

# add -A stages the same, whatever is remembered.
sleep 0.1
store add -q -A
store commit -qm settled >"$out" || true
store status --porcelain >/dev/null
mkdir -p kept/in && echo data >kept/in/file && sleep 0.1 && store add -q -A && store commit -qm kept && store status --porcelain >"$out"
echo changed >kept/in/file
with=$(store add -A -n --json | grep -o '"files":[0-9]*,"bytes":[0-9]*,"unchanged_files":[0-9]*,"directories":[0-9]*')
mv .store/listings .store/listings.away
is "$(store add -A -n --json | grep -o '"files":[0-9]*,"bytes":[0-9]*,"unchanged_files":[0-9]*,"directories":[0-9]*')" "$with"
mv .store/listings.away .store/listings

# A damaged one, or something else in its place, is as good as none.
expected=$(store status --porcelain)
is "$expected" ' M kept/in/file'
for damage in 'printf x | dd of=.store/listings bs=1 seek=100 conv=notrunc status=none' 'truncate -s 70 .store/listings' \
  ': >.store/listings' 'head -c 5000 /dev/urandom >.store/listings' 'rm .store/listings; mkfifo .store/listings' \
  'rm .store/listings; mkdir .store/listings'; do
  rm -rf .store/listings
  store status --porcelain >/dev/null
  eval "$damage"
  is "$(timeout 20 "$STORE" status --porcelain)" "$expected"
  store fsck >/dev/null
done
