#!/usr/bin/env bash
# The job of docs/jobs.md does what the page says, with stand-ins for databases and containers.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

cat >"$scratch/bin/pg_dump" <<'END'
#!/bin/sh
echo "dump of $1"; [ ! -e "$FAIL" ]
END
cat >"$scratch/bin/container" <<'END'
#!/bin/sh
tar -c rootfs
END
printf '#!/bin/sh\ncat >%s\n' "$scratch/restored" >"$scratch/bin/psql"
chmod +x "$scratch"/bin/*
export BUILD_ID=17 FAIL=$scratch/fail
mkdir build rootfs && echo app >build/app && echo os >rootfs/os

# shellcheck disable=SC2016
job() { sed -n '/^```sh$/,/^```$/p' "${script%/tests/*}/docs/jobs.md" | sed '1d;/^```$/,$d' | sed "s#/mnt/depot#$scratch/depot#g" | bash -e; }
job >"$out"
is "$(<"$scratch/restored")" 'dump of orders'
zstd -qdc nightly.tar.zst | tar -t >"$out"
contains "$out" app
is "$(store --repo "$scratch/depot" cat image-17:rootfs/os)" os
# The next one: nothing was built anew, so there is no commit on nightly; a dump that fails is no commit on dumps.
export BUILD_ID=18
touch "$FAIL"
if job >"$out" 2>"$err"; then fail 'the job should have failed'; fi
for branch in nightly dumps images; do is "$(store --repo "$scratch/depot" log --oneline $branch | wc -l)" 1; done
