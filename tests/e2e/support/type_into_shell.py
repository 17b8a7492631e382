#!/usr/bin/env python3
"""type_into_shell.py SHELL SCRIPT: types into an interactive bash, zsh or fish that has read the completion SCRIPT (/dev/null: those
that are installed).

Each line of standard input is a JSON list: a command line with \\t for the tab key, then the arguments that the shell should
make of it. They are not run. Prints the lines where it made others.
"""
import json
import os
import pty
import select
import signal
import sys
import tempfile
import time

shell, script = sys.argv[1:]
folder = tempfile.mkdtemp()
answer = os.path.join(folder, "answer")
show = os.path.join(folder, "show")
with open(show, "w") as out:
    out.write(f"#!/bin/sh\nfor each; do printf '%s\\0' \"$each\"; done >{answer}.new\nmv {answer}.new {answer}\n")
os.chmod(show, 0o755)

start = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"source {script}\n"),
    "zsh": (["zsh", "-f", "-i"], f"bindkey -e; autoload -Uz compinit; compinit -u -d {folder}/dump; source {script}\n"),
    # Where fish itself looks for completions its configuration says.
    "fish": (["fish", "-i"] if script == "/dev/null" else ["fish", "--no-config", "-i"], f"source {script}\n"),
}[shell]

# HOME moves for history files; the words typed keep their meaning.
environment = dict(os.environ, TERM="xterm", HOME=folder, HISTFILE=f"{folder}/history", XDG_DATA_HOME=folder, XDG_CONFIG_HOME=folder)
child, main = pty.fork()
if child == 0:
    os.execvpe(start[0][0], start[0], environment)
seen = b""


def listen(seconds, until):
    """Reads what the shell says until `until()` holds."""
    global seen
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        if select.select([main], [], [], 0.05)[0]:
            try:
                seen += os.read(main, 65536)
            except OSError:
                return


# The set-up has run when the file that its last command makes is there.
ready = os.path.join(folder, "ready")
listen(1, lambda: bool(seen))
os.write(main, start[1].encode() + f"touch {ready}\n".encode())
listen(60, lambda: os.path.exists(ready))
wrong = 0
for line in sys.stdin:
    keys, *wanted = json.loads(line)
    os.write(main, keys.encode() + b"\x01" + show.encode() + b" \n")
    listen(30, lambda: os.path.exists(answer))
    if not os.path.exists(answer):
        sys.exit(f"{shell}: no answer to {keys!r}; it said: {seen[-2000:]!r}")
    with open(answer, "rb") as content:
        made = [os.fsdecode(each) for each in content.read().split(b"\0")[:-1]]
    os.unlink(answer)
    if made != wanted:
        wrong += 1
        print(f"{shell}: {keys!r} became {made!r}, not {wanted!r}")
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
sys.exit(1 if wrong else 0)
