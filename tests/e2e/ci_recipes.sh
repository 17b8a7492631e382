#!/usr/bin/env bash
# Every command of docs/ci.md runs, in the order of the page; what the page says of some of them is looked at.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
page=${script%/tests/*}/docs/ci.md
export BRANCH=main BUILD_ID=17 STORE_DIR=$scratch/depot
export GITHUB_REF_NAME=hub GITHUB_RUN_ID=18 CI_COMMIT_REF_NAME=lab CI_PIPELINE_ID=19 CI_COMMIT_SHA=abc BRANCH_NAME=jenkins BUILD_TAG=t BUILD_NUMBER=20
store init -q --bare "$scratch/depot"
mkdir build docs && seq 100000 >build/data && echo one >build/app && echo text >docs/page

here() { sed "s#/mnt/#$scratch/#g"; }
# block N: the Nth block of shell, run as a script.
block() { awk -v n="$1" '/^```sh$/ { at++; next } /^```/ { if (at == n && !done) done = 1; next } at == n && !done' "$page" | here; }
is "$(grep -c '^```sh$' "$page")" 9
for n in 1 2 3 4 5 6 7 8 9; do
  case $n in
    2) sleep 0.01; echo two >build/app ;;
    6) chmod -R a-w "$scratch/depot"; rm -rf artefacts ;;
    7) chmod -R u+w "$scratch/depot"; echo three >build/app ;;
  esac
  bash -e <(block "$n") >"$scratch/said.$n" 2>"$err" || fail "block $n: $(cat "$err")"
done

[[ -e artefacts/page || -e artefacts/app ]]  # of two savers at once, either may be the newest
is "$(<artefacts-before/app)" one
is "$(<app)" two
is "$(wc -l <"$scratch/said.4")" 4
is "$(store log builds/main --format '{subject}' | tail -n 2)" $'build 17\nbuild 17 of main'
is "$(store --repo "$scratch/copy" log --oneline builds/main)" "$(store log --oneline builds/main)"

# The lines for CI systems: those that call the program.
systems=0
while IFS= read -r line; do
  bash -ec "$line" >"$out" 2>"$err" || fail "$line: $(cat "$err")"
  systems=$((systems + 1))
done < <(sed -nE "/^\`\`\`(yaml|groovy)\$/,/^\`\`\`\$/ s/^ *(- run: |- |sh ')(store .*[^'])'?\$/\\2/p" "$page")
is "$systems" 3
for branch in hub lab jenkins; do is "$(store log "builds/$branch" --oneline | wc -l)" 1; done
is "$(store log --all --meta build=20 --format '{subject}')" t

# Builds that change nothing: skipped, they are not to be found; without that each is, at the price that the page says.
recipe() { BRANCH=$1 BUILD_ID=$2 bash -e <(block "$3" | sed "s/^store/store $5/; $4" | head -n 1); }
for build in 1 2 3; do recipe same "$build" 1 '' -q >"$out"; done
is "$(store log builds/same --oneline | wc -l)" 1
for build in 2 3; do is "$(recipe same "$build" 4 '' '')" ''; done
for build in 1 2 3; do
  recipe each "$build" 1 's/ --skip-if-unchanged//' --json >"$out"
  ((build == 1)) || (($(got .result.stored_bytes) < 1024))
done
for build in 1 2 3; do is "$(store log "$(recipe each "$build" 4 '' '')" -n 1 --format '{subject}')" "build $build of each"; done
