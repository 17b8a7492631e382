"""Who may include whom: docs/architecture.md draws this graph."""

import re
from pathlib import Path

# Each module and those directly left of it; what they may include in turn is allowed too.
LEFT_OF = {
    "base": [],
    "hash": ["base"],
    "chunk": ["base"],
    "compress": ["base"],
    "config": ["base"],
    "format": ["hash", "chunk", "compress"],
    "repo": ["format"],
    "worktree": ["format"],
    "archive": ["format"],
    "pipeline": ["repo", "worktree"],
    "ops": ["pipeline", "config", "archive"],
    "app": ["ops"],
}

# Third-party headers by prefix, with the only files that may include them (regular expressions on the path).
# No header of ours includes any, so that nobody compiles them by accident.
HOMES = {
    "openssl/": r"lib/hash/\w+\.cpp",
    "xxhash.h": r"lib/hash/\w+\.cpp",
    "archive.h": r"lib/archive/libarchive\.h",
    "archive_entry.h": r"lib/archive/libarchive\.h",
    "zstd": r"lib/compress/\w+\.cpp",
    "tbb/": r"lib/(pipeline/\w+|worktree/(scanner|unchanged))\.cpp",
    "oneapi/": r"lib/(pipeline/\w+|worktree/(scanner|unchanged))\.cpp",
    "toml++/": r"lib/config/\w+\.cpp",
    "CLI/": r"app/\w+\.cpp",
    "nlohmann/": r"app/\w+\.cpp",
    "fmt/": r"(lib/\w+|app)/\w+\.cpp",
}
SYSTEM = r"[a-z_0-9]+|[a-z_0-9]+\.h|(sys|linux|netinet|arpa)/[a-z_0-9]+\.h"
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def allowed(module):
    reached, queue = {module}, [module]
    while queue:
        for left in LEFT_OF[queue.pop()]:
            if left not in reached:
                reached.add(left)
                queue.append(left)
    return reached


def module_of(path):
    return path.split("/")[1] if path.startswith("lib/") else "app"


def problem_of(path, own, third):
    module = module_of(path)
    if own:
        target = own.split("/")[0]
        if target not in LEFT_OF:
            return f'"{own}" is in no module'
        if target not in allowed(module):
            return f"{module} may not include {target} ({own})"
        return None
    for prefix, home in HOMES.items():
        if third.startswith(prefix):
            return None if re.fullmatch(home, path) else f"<{third}> belongs to {home} only"
    return None if re.fullmatch(SYSTEM, third) else f"<{third}> has no home in tests/lint/module_graph.py"


def check(root):
    problems = []
    for file in sorted([*root.glob("lib/**/*.h"), *root.glob("lib/**/*.cpp"), *root.glob("app/*.h"), *root.glob("app/*.cpp")]):
        path = str(Path(file).relative_to(root))
        if path.startswith("lib/") and module_of(path) not in LEFT_OF:
            problems.append(f"{path}: {module_of(path)} is no module of the graph")
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if match := INCLUDE.match(line):
                if problem := problem_of(path, match[1], match[2]):
                    problems.append(f"{path}:{number}: {problem}")
    return problems
