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
