#!/usr/bin/env python3
"""Every check accepts a clean tree and finds each planted violation."""

import importlib
import sys
import tempfile
from pathlib import Path

CLEAN = {
    "lib/base/bytes.h": "#pragma once\n#include <cstdint>\ninline std::uint8_t zero() { return 0; }\n",
    "lib/hash/sha256.cpp": '#include <openssl/evp.h>\n#include "base/bytes.h"\n',
    "lib/ops/add.cpp": '#include <fmt/format.h>\n#include "repo/pack.h"\n#include "config/config.h"\n',
    "app/main.cpp": '#include "ops/add.h"\n#include <CLI/CLI.hpp>\n',
    "tools/a.sh": '#!/usr/bin/env bash\necho "$1"\n',
    "README.md": "# Title\n[a script](tools/a.sh), [above](#title), `lib/base/bytes.h`\n",
}

# check, file, its text, what the message must contain
PLANTED = [
    ("module_graph", "lib/base/x.cpp", '#include "hash/sha256.h"\n', "base may not include hash"),
    ("module_graph", "lib/repo/x.cpp", '#include "worktree/index.h"\n', "repo may not include worktree"),
    ("module_graph", "lib/worktree/x.h", '#include "repo/pack.h"\n', "worktree may not include repo"),
    ("module_graph", "lib/format/x.h", '  #  include "config/keys.h"\n', "format may not include config"),
    ("module_graph", "lib/ops/x.cpp", '#include "app/console.h"\n', "ops may not include app"),
    ("module_graph", "lib/extra/x.cpp", "", "extra is no module"),
    ("module_graph", "lib/ops/y.cpp", '#include "local.h"\n', "is in no module"),
    ("module_graph", "lib/repo/y.cpp", "#include <openssl/sha.h>\n", "<openssl/sha.h> belongs to"),
    ("module_graph", "lib/hash/x.h", "#include <xxhash.h>\n", "<xxhash.h> belongs to"),
    ("module_graph", "lib/worktree/index.cpp", "#include <tbb/parallel_for.h>\n", "<tbb/parallel_for.h> belongs to"),
    ("module_graph", "lib/base/x.h", "#include <fmt/format.h>\n", "<fmt/format.h> belongs to"),
    ("module_graph", "app/x.cpp", "#include <boost/any.hpp>\n", "<boost/any.hpp> has no home"),
    ("hygiene", "lib/base/long.cpp", "\n" * 501, "501 lines"),
    ("hygiene", "app/x.cpp", "// TO" "DO: later\n", "x.cpp:1"),
    ("hygiene", "tests/unit/x.cpp", "int a;  // FIX" "ME\n", "x.cpp:1"),
    ("hygiene", "lib/base/x.cpp", 'printf("x");\n', "neither prints"),
    ("hygiene", "lib/base/x.cpp", 'getenv("HOME");\n', "neither prints"),
    ("hygiene", "lib/ops/x.cpp", "auto node = decode_node(type, bytes);\n", "decode_node belongs to"),
    ("links", "docs/a.md", "[b](b.md)\n", "no such file"),
    ("links", "docs/a.md", "[b](../README.md#nothing)\n", "no such heading"),
    ("links", "docs/a.md", "`tools/gone.sh`\n", "does not exist"),
    ("scripts", "tests/e2e/x.sh", "#!/usr/bin/env bash\necho $1\n", "x.sh:2"),
    ("scripts", ".ci/run", "#!/usr/bin/env bash\nunused=1\n", "run:2"),
    ("headers", "lib/base/x.h", "#pragma once\nstd::string text();\n", "lib/base/x.h: does not compile alone"),
]


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def found(check, extra):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in {**CLEAN, **extra}.items():
            write(root, path, text)
        return importlib.import_module(check).check(root)


sys.dont_write_bytecode = True  # the source folder stays clean


def main():
    wrong = []
    for check in sorted({planted[0] for planted in PLANTED}):
        if problems := found(check, {}):
            wrong.append(f"{check} refuses the clean tree: {problems}")
    for check, path, text, expected in PLANTED:
        problems = found(check, {path: text})
        if len(problems) != 1 or expected not in problems[0]:
            wrong.append(f"{check} on {path} ({text.strip()!r}): expected one '{expected}', got {problems}")
    print("\n".join(wrong) or f"{len(PLANTED)} planted violations found")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
