"""Every header of lib/ and app/ compiles alone."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

COMPILER = os.environ.get("CXX", "c++")


def compile_alone(root, header):
    done = subprocess.run([COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Ilib", "-I.",
                           "-x", "c++", "-include", header, "/dev/null"], cwd=root, text=True, capture_output=True)
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    return [f"{header}: does not compile alone: {(errors or [done.stderr])[0]}"] if done.returncode else []


def check(root):
    headers = sorted(str(header.relative_to(root)) for header in [*root.glob("lib/*/*.h"), *root.glob("app/*.h")])
    if not headers:
        return ["no headers found"]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return [problem for problems in pool.map(lambda header: compile_alone(root, header), headers) for problem in problems]
