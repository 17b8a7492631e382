#!/usr/bin/env python3
"""run.py CHECK [ROOT]: prints what CHECK finds wrong; exit 1 if anything."""

import importlib
import sys
from pathlib import Path

CHECKS = ("module_graph", "hygiene", "links", "scripts", "headers")


sys.dont_write_bytecode = True  # the source folder stays clean


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: run.py {'|'.join(CHECKS)} [ROOT]")
    root = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).parents[2]).resolve()
    problems = importlib.import_module(sys.argv[1]).check(root)
    print("\n".join(problems) or f"{sys.argv[1]}: nothing to complain about")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
