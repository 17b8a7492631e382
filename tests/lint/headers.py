"""Every header of lib/ and app/ compiles alone. A .cpp that includes its own header first proves it in every build; the
other headers are compiled here."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

COMPILER = os.environ.get("CXX", "c++")


def compile_alone(root, header):
    done = subprocess.run([COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Ilib", "-I.",
                           "-x", "c++", "-include", header, "/dev/null"], cwd=root, text=True, capture_output=True)
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    return [f"{header}: does not compile alone: {(errors or [done.stderr])[0]}"] if done.returncode else []


def proven_by_build(header):
    source = header.with_suffix(".cpp")
    first = re.search(r"^#include (.*)$", source.read_text(), re.MULTILINE) if source.exists() else None
    return first is not None and first[1] == f'"{header.parent.name}/{header.name}"'


def check(root):
    headers = [*root.glob("lib/*/*.h"), *root.glob("app/*.h")]
    if not headers:
        return ["no headers found"]
    headers = sorted(str(header.relative_to(root)) for header in headers if not proven_by_build(header))
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return [problem for problems in pool.map(lambda header: compile_alone(root, header), headers) for problem in problems]
