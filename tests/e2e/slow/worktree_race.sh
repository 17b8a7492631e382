#!/usr/bin/env bash
# A directory is exchanged for a link to the outside again and again while the working tree is read and written: nothing outside is
# ever changed, and nothing of it is ever stored. STORE_RACE_SECONDS: how long (30).
# shellcheck source=../support/harness.bash
. "$(dirname "$0")/../support/harness.bash"

store init -q
mkdir -p d/e "$scratch/outside/e"
for i in {1..150}; do echo "one $i" >"d/f$i" && echo "deep $i" >"d/e/g$i"; done
store commit -q -A -m one >"$out" && store tag one
for i in {1..150}; do echo "two $i" >"d/f$i" && echo "deeper $i" >"d/e/g$i"; done
store commit -q -A -m two >"$out" && store tag two
for i in {1..150}; do echo "secret $i" >"$scratch/outside/f$i" && echo "secret deep $i" >"$scratch/outside/e/g$i"; done
describe() { (cd "$scratch/outside" && find . -printf '%p %y %m %n %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum); }
before=$(describe)
ln -s "$scratch/outside" "$scratch/link"

# RENAME_EXCHANGE: at no time is there no `d`.
python3 - "$scratch/work" "$scratch/link" "$scratch/exchanges" <<'END' &
import ctypes, os, sys, time
work, link, report = (os.fsencode(name) for name in sys.argv[1:])
libc = ctypes.CDLL(None, use_errno=True)
done, parent = 0, os.getppid()
while os.getppid() == parent:
    done += libc.renameat2(-100, work + b"/d", -100, link, 2) == 0
    with open(report + b".new", "w") as out:
        out.write(str(done))
    os.replace(report + b".new", report)
    time.sleep(0.0002)
END
swapping=$!
end=$((SECONDS + ${STORE_RACE_SECONDS:-30})) words=0 done=0
while ((SECONDS < end)); do
  for word in 'checkout --force one' 'add -A' 'commit -q -m x' 'checkout --force two' 'restore --source one d' 'add d/f1 d/e/g1' 'rm -r -q -f d' \
    'checkout --force two -- d' 'status' 'diff' 'switch --force main' 'save . -b copy -m x'; do
    read -ra arguments <<<"$word"
    status=0
    store "${arguments[@]}" >"$out" 2>"$err" </dev/null || status=$?
    ((status < 70)) || fail "store $word: $status"
    words=$((words + 1)) done=$((done + (status == 0)))
  done
  [[ $(describe) == "$before" ]] || fail "an escape: $(diff <(echo "$before") <(describe) | head -n 5)"
done
kill $swapping
wait $swapping || true
echo "$words words, $done of them done, $(cat "$scratch/exchanges") exchanges, 0 escapes"
((done > 0 && done < words)) || fail "no race: $done of $words words were done"

# Nothing of the outside was stored.
for i in 1 75 150; do
  expect_exit 4 store inspect "chunk:$(sha256sum <"$scratch/outside/f$i" | cut -d ' ' -f 1)"
  expect_exit 4 store inspect "chunk:$(sha256sum <"$scratch/outside/e/g$i" | cut -d ' ' -f 1)"
done
is "$(json '.result.problems | length' fsck)" 0
