#!/usr/bin/env bash
# What one more file costs in system calls, and one more MiB: guards of docs/performance.md that hold on any machine, busy or not.
# One thread, so that nobody waits for anybody.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

strace -qq -o /dev/null true 2>/dev/null || skip 'may not trace'
noise 1 41943040 >"$scratch/noise"

# calls NAME WORD…: how many system calls with a path or a descriptor store WORD… makes, into ${count[NAME]}. Others depend on how long it takes:
# the thread that shows progress waits by the clock.
declare -A count
calls() {
  strace -f -qq -c -e trace=%file,%desc -o "$scratch/calls" store -q -j1 "${@:2}" >"$out"
  count[$1]=$(awk '$NF == "total" { print $(NF - 1 - (NF > 5)) }' "$scratch/calls")
}

# life SIZE CONTENT…: what CONTENT makes is staged, staged again, looked at, committed, checked and checked out.
life() {
  mkdir work && cd work && store init -q && "${@:2}"
  sleep 0.1  # what was written a moment ago is read once more
  calls "$1 add" add -A
  calls "$1 again" add -A
  calls "$1 status" status
  calls "$1 commit" commit -m 1
  calls "$1 fsck" fsck --data
  calls "$1 checkout" checkout HEAD --out "$scratch/there"
  cd .. && rm -r work "$scratch/there"
}
# each UNITS WORD MOST…: the calls for each of so many units more, in hundredths.
each() {
  local units=$1 more
  shift
  while (($# > 0)); do
    more=$(((${count[large $1]} - ${count[small $1]}) * 100 / units))
    echo "$1: $more / 100"
    at_most $more "$2"
    shift 2
  done
}

files() {
  local number
  for ((number = 0; number < $1; ++number)); do
    ((number % 100)) || mkdir $((number / 100))
    echo "the content of $number" >$((number / 100))/$number
  done
}
life small files 200
life large files 1200
each 1000 add 850 again 110 status 110 commit 10 fsck 10 checkout 850

file() { head -c "$1" "$scratch/noise" >file; }
life small file 8388608
life large file 41943040
each 32 add 420 again 10 status 10 commit 10 fsck 60 checkout 1850
