#!/usr/bin/env python3
"""validate.py SCHEMAS: each line of standard input is an answer of `store --json`, checked against SCHEMAS/WORD.json."""
import json
import pathlib
import sys

import jsonschema

folder = pathlib.Path(sys.argv[1])
schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
resolver = jsonschema.RefResolver("", {}, store=schemas)
checkers = {}
for name, schema in schemas.items():
    jsonschema.Draft202012Validator.check_schema(schema)
    checkers[name] = jsonschema.Draft202012Validator(schema, resolver=resolver)

answers = 0
bad = 0
for line in sys.stdin:
    answer = json.loads(line)
    answers += 1
    for problem in checkers[f"{answer['command']}.json"].iter_errors(answer):
        bad += 1
        print(f"{line[:300].rstrip()}\n  at {'/'.join(map(str, problem.absolute_path))}: {problem.message[:300]}")
print(f"{answers} answers", file=sys.stderr)
sys.exit(1 if bad or not answers else 0)
