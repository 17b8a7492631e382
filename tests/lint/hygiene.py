"""Sizes and marks that the house rules forbid."""

import re

MAX_LINES = 500
SOURCES = ("lib/**/*.h", "lib/**/*.cpp", "app/*.h", "app/*.cpp", "tests/**/*.h", "tests/**/*.cpp", "tests/**/*.sh",
           "bench/*.cpp", "tools/*.sh", "cmake/*.cmake", "docs/**/*.md", "README.md")
# Spelled in two parts, so that this file does not match itself.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")
PRINTS = re.compile(r"\b(std::c(out|err)|printf|puts|fmt::print|getenv|secure_getenv)\b")
# What is read of a stored node has to name the object in its errors: repo/stored_node.h is the door.
DECODERS = re.compile(r"\bdecode_(node|upper_entry|tree_entry|recipe_entry|attributes)\b")
DECODERS_HOME = re.compile(r"lib/(format/\w+\.(h|cpp)|repo/(stored_node|pack_file)\.cpp)")


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
            if path.startswith("lib/") and not DECODERS_HOME.fullmatch(path) and (match := DECODERS.search(code)):
                problems.append(f"{path}:{number}: {match[0]} belongs to repo/stored_node.cpp, which names the object in errors")
    return problems
