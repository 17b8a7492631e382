#!/usr/bin/env bash
# Installs what the tests need, builds, runs every test: dev (g++, warnings are errors) with unit, e2e, lint, crash and
# stress tests; clang, warnings and thread-safety analysis included, with the unit tests under ASan and UBSan and each fuzzer for a
# few thousand executions; what threads share under TSan; the Debian packages.
# What is labelled long is left out: ctest --preset dev -L long.
# The last line is "N passed, N failed"; the exit code is 1 if anything failed. A build that fails counts as one.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
tools/packages.sh test || exit 1
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi

# Thousands of tests write and sync small files: in memory, where there is room for the largest (a few GiB).
if (($(df --output=avail -B1G /dev/shm 2>/dev/null | tail -n 1) >= 10)); then export TMPDIR=/dev/shm; fi

passed=0 failed=0
unit='^unit/'

count_of() { sed -n "s/.*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }

# stage PRESET [CTEST_ARGUMENT…]: builds the preset, or only `target` of it, and runs its tests.
stage() {
  local preset=$1 log report start=$SECONDS tests failures skipped
  shift
  log=build/$preset/test.log report=build/$preset/test.xml
  mkdir -p "build/$preset" && rm -f "$report"
  echo "== $preset: build"
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" ${target:+--target "$target"}; } >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "== $preset: the build failed, see $log"
    failed=$((failed + 1))
    return
  fi
  echo "== $preset: built in $((SECONDS - start)) s"
  start=$SECONDS
  ctest --preset "$preset" -j2 --timeout 900 --output-junit "$PWD/$report" "$@"
  if [[ ! -s $report ]]; then
    echo "== $preset: ctest gave no report"
    failed=$((failed + 1))
    return
  fi
  tests=$(count_of tests "$report") failures=$(count_of failures "$report") skipped=$(count_of skipped "$report")
  passed=$((passed + tests - failures - skipped)) failed=$((failed + failures))
  echo "== $preset: $tests tests, $failures failed, $skipped skipped in $((SECONDS - start)) s"
}

# Every fuzzer of the stage asan, from its corpus on.
fuzzers() {
  local log=build/asan/fuzz.log found=build/asan/found start=$SECONDS program name
  for program in build/asan/tests/fuzz/fuzz_*; do
    [[ -f $program && -x $program ]] || continue
    name=${program##*/fuzz_}
    rm -rf "${found:?}/$name" && mkdir -p "$found/$name"
    if "$program" -runs=5000 -seed=1 -artifact_prefix="$found/$name/" "$found/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
      passed=$((passed + 1))
    else
      tail -n 40 "$log"
      echo "== fuzz: $name found something, see $found/$name"
      failed=$((failed + 1))
    fi
  done
  echo "== fuzz: $((SECONDS - start)) s"
}

# Release and packages: built, and passed by lintian.
packages() {
  local log=build/package.log start=$SECONDS
  echo "== packages"
  if tools/package.sh >"$log" 2>&1; then
    passed=$((passed + 1))
  else
    tail -n 60 "$log"
    failed=$((failed + 1))
  fi
  echo "== packages: $((SECONDS - start)) s"
}

stage dev -LE '^long$'
stage asan -R "$unit"
fuzzers
target=threads_tests stage tsan -R '^threads$'
packages

echo "in $((SECONDS / 60)) min $((SECONDS % 60)) s"
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
