"""shellcheck over every shell script."""

import subprocess


def check(root):
    scripts = [*root.glob("tools/*.sh"), *root.glob(".ci/*"), *root.glob("tests/**/*.sh"), *root.glob("tests/**/*.bash"),
               *root.glob("bench/*.sh"), *root.glob("completions/*.bash")]
    scripts = sorted(str(script.relative_to(root)) for script in scripts if script.is_file())
    if not scripts:
        return ["no scripts found"]
    done = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", "-f", "gcc", *scripts], cwd=root, text=True,
                          capture_output=True)
    problems = done.stdout.splitlines()
    if done.returncode > 1 or (done.returncode and not problems):
        problems.append(f"shellcheck ended with {done.returncode}: {done.stderr}")
    return problems
