"""Sizes and marks that the house rules forbid."""

import re

MAX_LINES = 500
SOURCES = ("lib/**/*.h", "lib/**/*.cpp", "app/*.h", "app/*.cpp", "tests/**/*.h", "tests/**/*.cpp", "tests/**/*.sh",
           "bench/*.cpp", "tools/*.sh", "cmake/*.cmake", "docs/**/*.md", "README.md")
# Spelled in two parts, so that this file does not match itself.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")
PRINTS = re.compile(r"\b(std::c(out|err)|printf|puts|fmt::print|getenv|secure_getenv)\b")


def check(root):
    problems = []
    files = sorted({file for pattern in SOURCES for file in root.glob(pattern)})
    for file in files:
        path = str(file.relative_to(root))
        lines = file.read_text().splitlines()
        if path.startswith(("lib/", "app/")) and len(lines) > MAX_LINES:
            problems.append(f"{path}: {len(lines)} lines, more than {MAX_LINES}")
        for number, line in enumerate(lines, 1):
            if match := MARKS.search(line):
                problems.append(f"{path}:{number}: {match[0]}: write it down as an issue or a decision")
            code = line.split("//")[0]
            if path.startswith("lib/") and (match := PRINTS.search(code)):
                problems.append(f"{path}:{number}: the library neither prints nor reads the environment ({match[0]})")
    return problems
