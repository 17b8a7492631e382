#!/usr/bin/env bash
# The same content, message and SOURCE_DATE_EPOCH give the same commit id under any locale, umask and time zone.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

mkdir src && cd src
mkdir -p d/é && noise 1 300000 >d/big && echo 1 >d/é/a && ln -s a l && chmod 750 d && echo x >$'\xff' && chmod 4755 'd/é/a'
cd ..

# commit_with FOLDER COMMAND_PREFIX…
commit_with() {
  local folder=$1
  shift
  cp -a src "$folder"
  (cd "$folder" && touch -d "@$RANDOM" d/big && "$@" store init -q &&
    "$@" store add -q -A && "$@" env SOURCE_DATE_EPOCH=10000 store commit -q -m 'same' --author 'A <a@b>' --meta k=v)
}
export STORE_METADATA_TIMES=false
first=$(commit_with one env)
is "$(commit_with two env LC_ALL=C TZ=Asia/Tokyo)" "$first"
is "$(umask 077 && commit_with three env LC_ALL=tr_TR.UTF-8)" "$first"
is "$(commit_with four env STORE_PERFORMANCE_MAX_WORKER_THREADS=1)" "$first"
is "$(store -C one --json log | jq -r '.result.commits[0].time')" 1970-01-01T02:46:40Z

# Machines read the same in every zone and language; people read their own time.
cd one
for words in '--json log' '--json show' '--json oplog' '--json layers' 'status --porcelain' "log --format {time}{author}{subject}" 'manifest' '--json ls -l' \
  'diff --chunks HEAD' 'inspect HEAD'; do
  read -ra split <<<"$words"
  TZ=UTC LC_ALL=C store "${split[@]}" >"$scratch/here"
  TZ=Asia/Kolkata LC_ALL=tr_TR.UTF-8 LANGUAGE=de store "${split[@]}" >"$scratch/there"
  cmp "$scratch/here" "$scratch/there"
done
is "$(TZ=Asia/Tokyo store log --format '{time}')" 1970-01-01T02:46:40Z
TZ=Asia/Tokyo store log >"$out"
contains "$out" 'Date:   1970-01-01 11:46:40 +0900'
cd ..

# With times recorded: the same times, or later ones than SOURCE_DATE_EPOCH, give the same id, by add and commit and by save.
unset STORE_METADATA_TIMES
export SOURCE_DATE_EPOCH=1000000000
same_with_times() {
  local folder=$1
  shift
  rm -rf .store "$folder" && cp -a src "$folder" && find "$folder" -exec touch -h -d "$1" {} +
  shift
  "$@" store init -q
  mv .store "$folder" && (cd "$folder" && "$@" store add -q -A && "$@" store commit -q -m same --author 'A <a@b>')
}
early=$(same_with_times early '2000-02-03 04:05:06.789 UTC' env TZ=UTC)
is "$(same_with_times other '2000-02-03 04:05:06.789 UTC' env TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8)" "$early"
isnt "$(same_with_times before '2000-02-03 04:05:05 UTC' env)" "$early"
late=$(same_with_times late '2020-01-01 UTC' env)
is "$(same_with_times later '2021-01-01 UTC' env TZ=America/New_York)" "$late"
isnt "$late" "$early"
# Of the folder that it is given, save records nothing: its commit is its own, but as steady.
save_with_times() {
  rm -rf saved depot && cp -a src saved && find saved -exec touch -h -d "$1" {} +
  shift
  "$@" store init -q --bare depot >"$out"
  "$@" store -q --repo depot save saved -b nightly -m same --author 'A <a@b>'
}
early=$(save_with_times '2000-02-03 04:05:06.789 UTC' env TZ=UTC)
is "$(save_with_times '2000-02-03 04:05:06.789 UTC' env TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 STORE_PERFORMANCE_MAX_WORKER_THREADS=1)" "$early"
isnt "$(save_with_times '2000-02-03 04:05:05 UTC' env)" "$early"
is "$(save_with_times '2022-01-01 UTC' env)" "$(save_with_times '2023-01-01 UTC' env TZ=America/New_York)"
