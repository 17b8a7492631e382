#!/usr/bin/env bash
# config: values, origins, unknown keys with the nearest match, bad values, comments are kept.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
is "$(store config core.inline_threshold)" 64K
expect_exit 2 store config core.nothing
expect_exit 1 store config user.name
printf '# my comment\n[user]\nname = "X"  # why\n' >>.store/config
is "$(store config user.name)" X
store config user.name 'Y Z' && is "$(store config user.name)" 'Y Z'
contains .store/config '# my comment'
contains .store/config '# why'
store config --unset user.name
expect_exit 1 store config user.name
store config --user user.email me@x
contains "$HOME/.config/store/config.toml" me@x
is "$(json '.result.values[0] | [.key, .value] | tojson' config user.email)" '["user.email","me@x"]'
is "$(store --config user.email=arg@x config user.email)" arg@x
is "$(STORE_USER_EMAIL=env@x store config user.email)" env@x
is "$(store config --list | cut -d = -f 1 | sort | uniq -d)" ''
expect_exit 0 store config --list --show-origin

# A bad value is 2 and names its origin; an unknown key is a warning with the nearest match.
expect_exit 2 store config chunking.avg 65000
expect_exit 2 env STORE_CHUNKING_AVG=x store log
contains "$err" STORE_CHUNKING_AVG
expect_exit 0 env STORE_PERFORMANCE_BUFER_SIZE=1M store --json log
is "$(got '.warnings | length')" 1
contains "$out" STORE_PERFORMANCE_BUFFER_SIZE
printf '[performance]\nmax_worker_thread = 2\n' >>.store/config
expect_exit 0 store log
contains "$err" max_worker_threads
line=$(grep -n max_worker_thread .store/config | cut -d : -f 1)
sed -i "${line}s/.*/batch_size = -4/" .store/config
expect_exit 2 store log
contains "$err" "config:$line"

# Of many changes at once none is lost; a lock that is held is waited for as long as --lock-timeout says.
cd "$scratch" && store init -q many && cd many
keys=(core.fsync core.auto_merge performance.async_io ui.color ui.progress performance.batch_size user.name user.email)
values=(false false false never none 7 N m@x)
for file in '' --user; do
  for i in "${!keys[@]}"; do store config ${file:+"$file"} "${keys[i]}" "${values[i]}" & done
  wait
  for i in "${!keys[@]}"; do is "$(store config "${keys[i]}")" "${values[i]}"; done
  for key in "${keys[@]}"; do [[ -n $file ]] || store config --unset "$key"; done
done
hold() { # FILE COMMAND…: while its lock is held
  python3 -c 'import fcntl, os, struct, subprocess, sys
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
sys.exit(subprocess.call(sys.argv[2:]))' "$@"
}
expect_exit 11 hold .store/lock/refs store --lock-timeout 0 config user.name other
expect_exit 11 hold "$HOME/.config/store/config.toml.lock" store --lock-timeout 0 config --user user.name other
contains "$err" 'try: --lock-timeout 10m'
is "$(store config user.name)" N

# A list is shown whole.
store config --user safe.directory /a && store config --user safe.directory '/b c'
is "$(store config safe.directory | paste -sd ,)" '/a,/b c'
is "$(json '.result.values | map(.value) | tojson' config safe.directory)" '["/a","/b c"]'
is "$(STORE_SAFE_DIRECTORY=/c store config safe.directory | wc -l)" 3

# No key is without effect: none is answered with a warning.
warnings() { json '.warnings | map(.kind) | join(" ")' "$@"; }
is "$(STORE_METADATA_OWNERS=false warnings --config metadata.acls=false --config chunking.huge_file_chunk_size=1M log)" ''
is "$(warnings config metadata.times false)" ''
is "$(warnings log)" ''
echo x >x
is "$(warnings add x)" ''
is "$(warnings config metadata.times true)" ''

# Settings that ids depend on: a change is told once, by whatever way it came, until they change again.
store init -q "$scratch/told" && cd "$scratch/told"
told() {
  local before=$1
  shift
  expect_exit 0 store --json "$@"
  is "$(got '[.warnings[] | select(.kind == "ids_changed")] | length')" "$before"
}
echo 1 >f
told 0 add f
export STORE_CORE_INLINE_THRESHOLD=0
told 1 add -n f
told 1 add f
told 0 commit -m 1
told 0 save f -b ci -m 1
contains .store/told 'core.inline_threshold = 0'
told 1 add f --config chunking.avg=16K
told 0 add f --config chunking.avg=16K
told 1 add f
unset STORE_CORE_INLINE_THRESHOLD
told 0 add f
printf '[chunking]\nmin = "1K"\n' >>.store/config
told 1 add f
told 0 add f
is "$(json '.result.problems | length' fsck)" 0
