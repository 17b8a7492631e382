#!/usr/bin/env bash
# The sessions in README.md and docs/start.md do what they say; numbers and ids may differ. README.md is one screen.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

mask() { sed -E "s#$PWD#/data#g; s/[0-9a-f]{10,}/ID/g; s/[0-9][0-9.,]*( [KMG]?i?B|m?s\b)?/N/g"; }
prompt="\$ "

# session FILE: runs it in a folder of its own.
session() {
  mkdir -p "$scratch/$1/data" && cd "$scratch/$1/data"
  # shellcheck disable=SC2016
  sed -n '/^```console$/,/^```$/p' "$here/$1" | sed '1d;$d' >"$scratch/session"
  at_least "$(grep -cF "$prompt" "$scratch/session")" 5
  while IFS= read -r line; do
    if [[ $line == "$prompt"* ]]; then
      echo "$line"
      bash -e -c "${line#"$prompt"}" </dev/null 2>&1
    fi
  done <"$scratch/session" >"$scratch/actual"
  diff <(mask <"$scratch/session") <(mask <"$scratch/actual")
}
session README.md
session docs/start.md
at_most "$(wc -l <"$here/README.md")" 60
