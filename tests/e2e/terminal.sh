#!/usr/bin/env bash
# The bars as a terminal renders them (tmux is the terminal): what stands on the screen while a command runs, after the
# terminal changed its size, and that nothing of it stays, whatever ends the command.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"
# shellcheck source=support/terminal.bash
. "$here/tests/e2e/support/terminal.bash"

screen() { terminal capture-pane -p -t 0 | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }
# Numbers and units become N, the filling of bars goes.
masked() { screen | sed -E 's/[0-9][0-9.,]*( [KMG]?i?B|m?s\b)?/N/g; s/\[[=> ]*\]/[]/; s/  +/  /g'; }
# until_screen COMMAND…: waits until COMMAND holds for what the screen shows.
until_screen() {
  local i
  for ((i = 0; i < 300; i++)); do
    if masked | "$@" >"$out"; then return; fi
    sleep 0.1
  done
  fail "the screen stayed: $(screen)"
}
bars() { screen | grep -c '^overall\|^bytes' || true; }
# The shell has said so, and waits for a command.
# shellcheck disable=SC2016  # awk's own
until_stopped() { until_screen awk -v times="$1" '/Stopped/ { n++ } { last = $0 } END { exit n != times || last !~ /^>/ }'; }
type_in() { terminal send-keys -t 0 "$1" Enter; }

store init -q
mkfifo gate
# Half of what it adds, then nothing until the gate opens.
cat >"$scratch/bin/slowly" <<'EOF'
#!/bin/sh
exec 2>/dev/null  # the screen is for the bars
head -c 3000000 /dev/zero | tr '\0' a
read -r line <gate
head -c 3000000 /dev/zero | tr '\0' b
EOF
chmod +x "$scratch/bin/slowly"
terminal new-session -d -x 78 -y 30 "env PS1='> ' TERM=screen bash --norc --noprofile"
until_screen grep -q '^>'

# Frames are a second apart, and a terminal is made narrower right behind one: between its new size and the signal that says so, a
# frame of the old size would be wrapped, which nobody can know.
narrow_to() {
  local before=
  before=$(screen)
  while [[ $(screen) == "$before" ]]; do sleep 0.05; done  # the time in it
  terminal resize-window -t 0 -x "$1"
}

type_in 'clear; store --progress-interval 1s add --exec a -- slowly'
until_screen grep -q '^bytes'
# Rates come a moment later.
until_screen grep -q '^bytes.*/s$'
is "$(masked | sed -n 1,2p)" 'overall []  N%  ingest (N of N)  N
bytes  []  N  N/s'
is "$(screen | grep -c .)" "$(masked | grep -c .)"
is "$(terminal display-message -p -t 0 '#{cursor_flag}')" 1

# Narrower: the terminal wraps what stands there; the next frame covers all of it.
narrow_to 26
until_screen grep -q '^overall *N%'
is "$(masked | grep -c overall)" 1
is "$(masked | grep -c bytes)" 1
terminal resize-window -t 0 -x 78
until_screen grep -q '^overall \[\]'
is "$(masked | grep -c overall)" 1

# Values are whole, or not there.
narrow_to 40
until_screen grep -q '^overall \[\] *N%$'
is "$(masked | grep -c '^overall\|^bytes')" 2
terminal resize-window -t 0 -x 78
until_screen grep -q '^overall \[\] *N% *ingest'

# Ctrl-Z takes the bars away before the shell speaks; fg draws them again, below what stands there.
terminal send-keys -t 0 C-z
until_stopped 1
is "$(bars)" 0
type_in 'echo in between'
until_screen grep -qx 'in between'
type_in fg
until_screen grep -q '^bytes'
is "$(masked | grep -c '^overall\|^bytes')" 2
is "$(screen | grep -cx 'in between')" 1
is "$(screen | grep -c Stopped)" 1
# In the background the terminal is the shell's.
terminal send-keys -t 0 C-z
until_stopped 2
type_in bg
type_in 'echo behind'
until_screen grep -qx behind
is "$(bars)" 0
type_in fg
until_screen grep -q '^bytes'
is "$(screen | grep -cx behind)" 1
# A stop that cannot be held leaves the bars where they are: new ones stand below.
store_pid=$(ps -o pid= --ppid "$(terminal display-message -p -t 0 '#{pane_pid}')" | tail -n 1)
kill -STOP "$store_pid"
until_stopped 3
type_in 'clear; echo after; fg'
until_screen grep -qx after
until_screen grep -q '^bytes'
is "$(masked | grep -c '^overall\|^bytes')" 2
is "$(screen | grep -cx after)" 1

# Stopped by hand: the bars go, the shell sees the signal.
terminal send-keys -t 0 C-c
until_screen grep -q '^>'
type_in "echo ended \$?"
until_screen grep -qx 'ended N'
is "$(bars)" 0
is "$(screen | grep '^ended')" 'ended 130'

# A whole run leaves its summary alone.
type_in 'clear; store add --exec a -- slowly'
until_screen grep -q '^bytes'
echo go >gate
until_screen grep -q '^added'
until_screen grep -q '^>'
is "$(masked | head -n 1)" 'added N file (N) in N, N/s'
is "$(bars)" 0

# No terminal to draw on: lines.
type_in 'clear; TERM=dumb store --progress-interval 100ms add --exec b -- slowly'
until_screen grep -q '^ingest: N files, N, N chunks'
is "$(bars)" 0
echo go >gate
until_screen grep -q '^added'

# The session in docs/terminal.md.
mkdir "$scratch/session" && cd "$scratch/session" && mkdir work
# shellcheck disable=SC2016  # a fence of Markdown
sed -n '/^```console$/,/^```$/p' "$here/docs/terminal.md" | sed '1d;$d' >expected
type_in "cd $scratch/session/work; PS1='\$ ' STORE_PAGER=cat; export STORE_PAGER; clear"
terminal resize-window -t 0 -x 110 -y 100
until_screen grep -q '^\$$'
while IFS= read -r line; do
  [[ $line == '$ '* ]] || continue
  type_in "${line#"$ "}; touch done"
  for ((i = 0; i < 300; i++)); do
    if [[ -e work/done ]]; then break; fi
    sleep 0.1
  done
  rm work/done
done <expected
# shellcheck disable=SC2016  # awk's own
until_screen awk 'END { exit $0 != "$" }'
# Ids, numbers and bars are masked; blanks are one.
plain() { sed -E 's/; touch done$//; s/\b[0-9a-f]{10}\b/ID/g; s/[0-9][0-9.,:]*/N/g; s/ [KM]?i?B\b/ B/g; s/#+/#/; s/  +/ /g; s/ $//'; }
diff <(plain <expected) <(screen | plain | sed '$d')
