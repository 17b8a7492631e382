#!/usr/bin/env python3
"""Commands of bash in a terminal of some width: what they show there, without colours.

in_window.py COLUMNS COMMAND     prints it; the exit code is the command's
in_window.py --check COLUMNS…    each line of standard input is a command: it is run at every width, each time in a copy of the
                                 current folder, and the lines are printed that the terminal would have to break; exit 1 if any

A line may be longer than the window if it is one word, which can be copied whole (in quotes with its blanks), behind a label or not;
if it begins with "try: ", which can be typed as it is; or if it matches the regular expression in $UNBROKEN."""
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata

ONE_WORD = re.compile(r"""^(\w+: )?\s*([^ ]+|'[^']*'|"[^"]*")( \\)?$""")


def shown(columns, command, folder="."):
    child, main = pty.fork()
    if child == 0:
        os.chdir(folder)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execvp("bash", ["bash", "-c", command])
    text = b""
    while True:
        try:
            got = os.read(main, 65536)
        except OSError:
            break
        if not got:
            break
        text += got
    os.close(main)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", text.replace(b"\r\n", b"\n")), code


def too_long(line, columns):
    width = sum(8 if c == "\t" else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
    unbroken = os.environ.get("UNBROKEN")
    return width > columns and not line.startswith("try: ") and not ONE_WORD.match(line) and not (unbroken and re.search(unbroken, line))


def check(widths):
    bad = 0
    for command in sys.stdin.read().splitlines():
        for columns in widths:
            with tempfile.TemporaryDirectory(dir="..") as place:
                folder = os.path.join(place, "w")
                subprocess.run(["cp", "-a", ".", folder], check=True)
                text = shown(columns, command, folder)[0].decode(errors="replace")
            for line in text.split("\n"):
                if too_long(line, columns):
                    bad += 1
                    print(f"{columns} columns: {command}: {line}")
    return bad > 0


if sys.argv[1] == "--check":
    sys.exit(check([int(columns) for columns in sys.argv[2:]]))
text, code = shown(int(sys.argv[1]), sys.argv[2])
sys.stdout.buffer.write(text)
sys.exit(code)
