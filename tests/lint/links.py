"""Relative links of the documents lead to files and headings that exist; paths in backquotes too."""

import re

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:lib|app|tests|tools|docs|cmake|bench)/[\w./-]+)`")


def anchors(file):
    found = set()
    for line in file.read_text().splitlines():
        if match := re.match(r"#+\s+(.*)", line):
            kept = re.sub(r"[^\w\- ]", "", match[1].lower())
            found.add(kept.strip().replace(" ", "-"))
    return found


def check_link(root, file, target):
    name, _, anchor = target.partition("#")
    other = (file.parent / name) if name else file
    if not other.exists():
        return f"link to {target}: no such file"
    if anchor and anchor not in anchors(other):
        return f"link to {target}: no such heading"
    return None


def check(root):
    problems = []
    documents = sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")])
    if not documents:
        return ["no documents found"]
    for file in documents:
        path = str(file.relative_to(root))
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for target in LINK.findall(line):
                if not re.match(r"[a-z]+:", target):
                    if problem := check_link(root, file, target):
                        problems.append(f"{path}:{number}: {problem}")
            for named in PATH.findall(line):
                if not (root / named.rstrip("/.")).exists():
                    problems.append(f"{path}:{number}: {named} does not exist")
    return problems
