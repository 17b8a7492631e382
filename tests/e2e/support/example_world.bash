# shellcheck shell=bash disable=SC2154  # out, scratch: of harness.bash
# The world that the examples of help and manual run in: app/examples.cpp names what is there. Made in the current folder.
make_example_world() {
  store init -q
  mkdir -p data/2026 photos build
  seq 1000 >data/jan.csv && seq 2000 >data/2026/feb.csv && seq 50000 >photos/a.raw && seq 90000 >disk.img
  echo one >notes.txt && echo app >build/app && echo 'build/' >.storeignore
  store commit -q -A -m first >"$out"
  store tag v1
  store switch -q -c topic
  echo t >topic.txt && store commit -q -A -m 'on topic' >"$out"
  store switch -q main
  seq 3000 >data/jan.csv && sed -i 's/^500$/five hundred/' disk.img
  store commit -q -a -m second >"$out"
  seq 10 >data/mar.csv
}

# in_a_copy COMMAND…: runs it in a copy of the world, which is thrown away.
in_a_copy() {
  local code=0
  mkdir "$scratch/copy" && cp -a "$scratch/work" "$scratch/copy/w"
  (cd "$scratch/copy/w" && "$@") || code=$?
  rm -rf "$scratch/copy"
  return "$code"
}
