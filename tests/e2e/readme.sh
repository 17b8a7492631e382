#!/usr/bin/env bash
# The session in README.md does what it says; numbers and ids may differ.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

mask() { sed -E "s#$PWD#/data#g; s/[0-9a-f]{10,}/ID/g; s/[0-9][0-9.,]*( [KMG]?i?B|m?s\b)?/N/g"; }

# shellcheck disable=SC2016
sed -n '/^```console$/,/^```$/p' "${script%/tests/*}/README.md" | sed '1d;$d' >"$scratch/session"
prompt="\$ "
at_least "$(grep -cF "$prompt" "$scratch/session")" 5
while IFS= read -r line; do
  if [[ $line == "$prompt"* ]]; then
    echo "$line"
    bash -e -c "${line#"$prompt"}" </dev/null 2>&1
  fi
done <"$scratch/session" >"$scratch/actual"
diff <(mask <"$scratch/session") <(mask <"$scratch/actual")
