#!/usr/bin/env bash
# manifest: sha256sum -c passes in a checkout, whatever the names; sums of large files are remembered.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
mkdir -p $'d \\\\\n' sub && noise 1 3000000 >big && : >empty && ln -s none l && mkfifo p && truncate -s 5M holes
for name in ' lead' $'new\nline' $'cr\r' 'back\slash' $'\xff' '-dash' '*star' $'d \\\\\n/x' sub/f; do printf '%s' "$name" >"$name"; done
store add -q -A && store commit -q -m 1
store manifest >"$scratch/sums"
is "$(wc -l <"$scratch/sums")" 12
store checkout -q HEAD --out "$scratch/out.d"
(cd "$scratch/out.d" && sha256sum --strict --quiet -c "$scratch/sums")
is "$(sort "$scratch/sums")" "$(cd "$scratch/out.d" && find . -type f -printf '%P\0' | xargs -0 sha256sum -- | sort)"

# The second time nothing is read: the packs may even be unreadable but for their metadata.
[[ -s .store/hashes ]]
is "$(store manifest)" "$(cat "$scratch/sums")"
rm .store/hashes && is "$(store manifest | sort)" "$(sort "$scratch/sums")"
is "$(json '.result.files | map(select(.path == "big")) | tojson' manifest HEAD)" \
  "[{\"path\":\"big\",\"sha256\":\"$(sha256sum <big | cut -c 1-64)\",\"size\":3000000}]"
is "$(json '.result.files | map(select(.path_base64)) | length' manifest)" 1
is "$(json '.result.files | map(.path) | tojson' manifest HEAD:sub)" '["sub/f"]'
expect_exit 4 store manifest nothing
mv .store ../bare && cd .. && chmod -R a-w bare
is "$(store --repo bare manifest main)" "$(cat "$scratch/sums")"
