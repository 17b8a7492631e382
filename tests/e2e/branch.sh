#!/usr/bin/env bash
# Branches and tags: list, make, delete, rename; what is refused.
# shellcheck source=support/harness.bash
. "$(dirname "$0")/support/harness.bash"

store init -q
expect_exit 4 store branch dev
is "$(json '.result | length' branch)" 0
echo 1 >a && store add -q a && first=$(store commit -qm 1)
echo 2 >a && store add -q a && second=$(store commit -qm 2)

store branch dev
store branch old HEAD~1
is "$(store branch)" $'  dev\n* main\n  old'
is "$(json '.result[] | "\(.name) \(.id) \(.current)"' branch | tr '\n' ' ')" "dev $second false main $second true old $first false "
store tag v1 "$first"
is "$(store tag)" v1
is "$(json '.result[] | "\(.name) \(.id) \(.current)"' tag)" "v1 $first false"
is "$(json '.result.commits[0].id' log v1)" "$first"

# Refused: there already, no such revision, names that no ref can have.
expect_exit 7 store branch dev
expect_exit 7 store tag v1
expect_exit 4 store branch new nothing
for name in a..b a.lock -x 'a b' a~1 a: @ HEAD "$second" .a a/ '' 'a@{b'; do
  expect_exit 2 store branch -- "$name"
  git check-ref-format "refs/heads/$name" && [[ $name != @ && $name != HEAD && $name != -x && ! $name =~ ^[0-9a-f]{64}$ ]] &&
    fail "git allows the name '$name'"
done
expect_exit 7 store branch dev/sub
store branch -f old main
is "$(json '.result[] | select(.name == "old").id' branch)" "$second"
expect_exit 7 store branch -f main old
expect_exit 7 store branch -d main
expect_exit 4 store branch -d oldd
contains "$err" old

# What HEAD does not reach is not deleted without force.
store switch -q -c side
echo 3 >a && store commit -qam 3 >"$out"
store switch -q main
expect_exit 7 store branch -d side
expect_exit 7 store branch -d old side
is "$(store branch | grep -c old)" 1
store branch -q -d old
store branch -d -f side >"$out"
contains "$out" 'deleted side'

# Renaming: HEAD follows its branch.
store branch -m trunk
is "$(json .result.branch status)" trunk
store branch -m dev topic/one
is "$(store branch)" $'  topic/one\n* trunk'
expect_exit 7 store branch -m topic/one trunk
expect_exit 4 store branch -m nothing other
store tag -m v1 v2 && is "$(store tag)" v2
store tag -q -d v2 && is "$(store tag)" ''

# Before the first commit a branch can be renamed, too; a bare repository has branches as well.
store init -q "$scratch/fresh" && is "$(cd "$scratch/fresh" && store branch -m first && store --json status | jq -r .result.branch)" first
store --repo "$scratch/work" branch from-outside
is "$(store branch | grep -c from-outside)" 1
