# A terminal that can be looked at: sourced after harness.bash by tests that need one.
# terminal WORD…: tmux of this test alone.
# shellcheck disable=SC2154  # out and scratch: harness.bash
command -v tmux >"$out" || skip 'no tmux'
unset TMUX
export SHELL=/bin/bash  # what tmux starts commands with
socket=$scratch/tmux
terminal() { tmux -S "$socket" -f /dev/null "$@"; }
trap 'terminal kill-server 2>/dev/null; on_exit' EXIT
