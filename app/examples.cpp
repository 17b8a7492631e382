#include "app/examples.h"

#include <algorithm>

namespace store {
namespace {

// Neighbours by word. The world they run in: a working tree with data/, photos/, notes.txt (changed), disk.img, build/
// (ignored), a branch topic, a tag v1, two commits.
constexpr Example k_examples[] = {
    {"init", "store init", "make a repository here"},
    {"init", "store init --bare ../depot", "one without a working tree, for save, export and cat"},
    {"add", "store add -A", "stage everything that changed"},
    {"add", "store add 'data/*.csv' photos", "some of it; the glob is ours, and reaches into folders"},
    {"add", "store add --exec dump.sql -- echo 'select 1;'", "what a program prints, without a file of it"},
    {"commit", "store commit -A -m 'new measurements'", "stage and commit everything"},
    {"commit", "store commit --amend --allow-empty -m 'a better message'", "say it again"},
    {"commit", "store commit -q -A -m nightly --meta build=17", "print the id alone; log --meta build=17 finds it"},
    {"save", "store save build -b nightly -m 'build 17' --skip-if-unchanged", "a folder as one commit on a branch of its own"},
    {"save", "tar -c photos | store save --tar - -b photos -m 'from the camera'", "an archive, member for member"},
    {"status", "store status", "what is staged, changed and new"},
    {"status", "store status --porcelain -z", "the same for scripts, in git's form"},
    {"check-ignore", "store check-ignore -v build/app", "which rule ignores this"},
    {"branch", "store branch", "list them"},
    {"branch", "store branch old v1", "make one that starts at v1"},
    {"branch", "store branch -d -f topic", "delete one that is not merged; store undo brings it back"},
    {"tag", "store tag v2", "name the last commit"},
    {"switch", "store switch topic", "go to a branch; only what differs is written"},
    {"switch", "store switch -c trial", "begin a branch here"},
    {"switch", "store switch -", "back to where this was before"},
    {"merge", "store merge topic", "bring in what topic has; store undo takes it back"},
    {"merge", "store merge --no-ff -m 'topic is done' topic", "with a commit in any case, and words of one's own"},
    {"undo", "store undo", "take back the last operation; again: do it again"},
    {"oplog", "store oplog -n 5", "the last operations, each with the id that undo takes"},
    {"restore", "store restore notes.txt", "throw away a change; store undo brings it back"},
    {"restore", "store restore --source v1 data", "the version of another commit"},
    {"restore", "store restore --staged .", "unstage everything, and leave the files alone"},
    {"rm", "store rm -r photos", "delete files, and stage that"},
    {"rm", "store rm --cached disk.img", "keep the file, and stop tracking it"},
    {"mv", "store mv notes.txt data/notes.txt", "rename a file, and stage that"},
    {"log", "store log --oneline --graph --all", "the history of everything, a line each"},
    {"log", "store log -n 3 -- data", "the last three commits that changed something in data"},
    {"log", "store log --growth", "what made the repository grow"},
    {"show", "store show v1", "a commit and what it changed"},
    {"ls", "store ls -l -r v1:data", "a folder of a commit, with sizes, modes and times"},
    {"diff", "store diff", "what changed since it was staged, line by line"},
    {"diff", "store diff --stat v1 HEAD", "between two commits, a line for each file"},
    {"diff", "store diff --chunks v1 HEAD -- disk.img", "which ranges of a large file, without reading it"},
    {"cat", "store cat v1:notes.txt", "a file of a commit"},
    {"cat", "store cat --bytes 0-511 v1:disk.img -o boot-sector", "a part of it; only that is read"},
    {"find", "store find '*.csv'", "every version of every file of that name"},
    {"find", "store find --content disk.img", "which commits hold this very file"},
    {"manifest", "store manifest v1 | sha256sum --check --quiet || true", "compare a working tree by another tool"},
    {"verify", "store verify --worktree v1 || true", "compare it without restoring anything"},
    {"layers", "store layers", "the repository as layers of packs"},
    {"inspect", "store inspect \"$(store log -n 1 --format '{id}')\"", "an object as it is stored"},
    {"stats", "store stats --histogram", "how large, how often the same, how well compressed"},
    {"du", "store du HEAD data", "what the files of a folder take"},
    {"du", "store du --new HEAD", "what the last commit brought, by path"},
    {"repack", "store repack", "merge packs and compress their blocks together"},
    {"checkout", "store checkout v1 --out ../before", "a version into a folder of its own"},
    {"checkout", "store checkout v1 -- data", "some paths of a version, into the working tree"},
    {"export", "store export v1 -o ../v1.tar.zst", "a version as an archive"},
    {"export", "store export HEAD:data -o - | tar -t", "a folder of it, into a pipe"},
    {"fsck", "store fsck", "read and check everything"},
    {"fsck", "store fsck --subset 2/7", "a seventh of it: a week's rota"},
    {"fsck", "store fsck --repair", "mend what can be mended, and say what is still missing"},
    {"config", "store config core.compression 9", "set a value for this repository"},
    {"config", "store config --list --show-origin", "all values, and where they come from"},
    {"completion", "store completion bash >store.bash", "write the script; source it in ~/.bashrc"},
    {"version", "store version", "the program and its libraries"},
    {"help", "store help add", "all about one word"},
    {"help", "store help --json", "words, options and exit codes for programs"},
};

}  // namespace

std::span<const Example> examples_of(std::string_view word) {
  const auto is_word = [&](const Example& example) { return example.word == word; };
  const Example* const first = std::find_if(std::begin(k_examples), std::end(k_examples), is_word);
  return {first, std::find_if_not(first, std::end(k_examples), is_word)};
}

}  // namespace store
