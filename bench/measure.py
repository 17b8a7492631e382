"""One command, measured."""
import subprocess, sys, tempfile, time


def measure(command, variables):
    """A shell command's wall seconds, CPU seconds of its whole process tree, and the largest peak memory of one process in bytes."""
    with tempfile.NamedTemporaryFile() as report:
        started = time.monotonic()
        done = subprocess.run(["/usr/bin/time", "-f", "%U %S %M", "-o", report.name, "bash", "-o", "pipefail", "-ec", command],
                              env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wall = time.monotonic() - started
        if done.returncode != 0:
            sys.exit(f"{command}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
        user, system, peak = open(report.name).read().split()[-3:]
    return {"wall": wall, "cpu": float(user) + float(system), "peak": int(peak) * 1024}
