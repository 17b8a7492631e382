#!/usr/bin/env bash
# A socket, or a device that nobody tracks, has no bytes that undo could bring back: nothing overwrites it, not even by force.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

place_socket() { python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"; }

store init -q
mkdir d && echo 1 >d/a && echo 1 >f && store commit -q -A -m 1 >"$out"
store switch -q -c t
rm -r d && echo file >d && echo new >n && echo 2 >f && store commit -q -A -m 2 >"$out"
store switch -q main

refused() { # PATHS COMMAND…
  local paths=$1
  shift
  expect_exit 7 store --json "$@"
  is "$(got '.error.paths | join(" ")')" "$paths"
  is "$(got .error.hint)" 'move it away or remove it, then run the command again'
}
place() { # what is tried with PATH being one of them
  store status -s >"$scratch/before"
  refused "$1" switch --force t
  refused "$1" checkout --force t
  refused "$1" checkout --force t -- "$2"
  is "$(store status -s)$(json .result.branch status)" "$(<"$scratch/before")main"
}
rm f
place_socket f
place f f
refused f restore f
refused f restore .
refused f rm -f f
refused f mv --force d/a f
place_socket n
place 'f n' :/
rm f n && store restore -q .
place_socket d/s
place d/s d
rm d/s
if ((EUID == 0)) && mknod d/null c 1 3; then
  place d/null d
  rm d/null
fi

# One that nothing is written over is in nobody's way.
rm -r d f
place_socket d
expect_exit 0 store rm -q -r --cached d && store commit -q -m 'without d' >"$out"
store switch -q -c other && echo n >n && store add -q n && store commit -q -m n >"$out"
store switch -q main && store undo -q
[[ -S d ]] || fail 'the socket is gone'
