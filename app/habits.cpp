#include "app/habits.h"

namespace store {
namespace {

constexpr std::string_view k_elsewhere = "store --repo DIR save FOLDER -b BRANCH -m MESSAGE, which commits straight to a repository elsewhere";
constexpr std::string_view k_from_elsewhere = "store --repo DIR checkout REV --out FOLDER, which takes files out of a repository elsewhere";
constexpr std::string_view k_nothing_goes = "store stats, which shows what nothing refers to; it is not removed in this version";

constexpr WordHabit k_words[] = {
    // Words of a later version.
    {"gc", k_nothing_goes},
    {"prove", "store manifest REV, whose lines sha256sum -c checks"},
    {"verify-proof", "store verify --worktree REV"},
    {"clone", "a copy of the folder .store, then store restore . beside it"},
    {"remote", "--repo DIR, which every word takes"},
    {"fetch", k_from_elsewhere},
    {"pull", k_from_elsewhere},
    {"push", k_elsewhere},
    {"serve", "--repo DIR with a folder that all can reach"},
    {"mount", "store checkout REV --out DIR, or store cat REV:PATH"},
    // Words of git.
    {"am", "patch -p1 <FILE"},
    {"annotate", "store log -- PATH"},
    {"apply", "patch -p1 <FILE, which takes what store diff writes"},
    {"archive", "store export REV -o NAME.tar.zst"},
    {"bisect", "store log --oneline, and store checkout REV for each one to try"},
    {"blame", "store log -- PATH"},
    {"bundle", "a copy of the folder .store"},
    {"cat-file", "store cat REV:PATH, or store inspect OBJECT"},
    {"cherry-pick", "store checkout REV -- PATH, then store commit"},
    {"clean", "store status -uall, which lists what is untracked; nothing here removes it"},
    {"count-objects", "store stats"},
    {"describe", "store log --oneline, and store tag for the names"},
    {"difftool", "store diff"},
    {"for-each-ref", "store branch -v, or store tag -v"},
    {"format-patch", "store diff A B, which patch -p1 applies"},
    {"grep", "store find PATTERN for names, store cat REV:PATH for content"},
    {"lfs", "store add: large files need nothing special"},
    {"ls-files", "store ls -r :"},
    {"ls-tree", "store ls -r REV:PATH"},
    {"mergetool", "the file PATH~THEIRS that merge has put beside it, then store add PATH"},
    {"notes", "store commit --meta KEY=VALUE"},
    {"prune", k_nothing_goes},
    {"rebase", "store merge REV"},
    {"reflog", "store oplog"},
    {"reset", "store restore --staged PATH to unstage, store restore PATH to discard, store undo to take a commit back"},
    {"rev-list", "store log --format '{id}'"},
    {"rev-parse", "store log -1 --format '{id}' REV"},
    {"revert", "store checkout REV~1 -- PATH, then store commit"},
    {"shortlog", "store log --format '{author}' | sort | uniq -c"},
    {"show-ref", "store branch -v, or store tag -v"},
    {"stash", "store switch -c NAME, then store commit -A: a branch keeps what is not finished"},
    {"submodule", "store add: a folder is content like any other"},
    {"update-index", "store add -u"},
    {"whatchanged", "store log, and store show REV"},
    {"worktree", "store checkout REV --out DIR"},
    // Words of backup programs, and what people call things.
    {"backup", "store save DIR -b BRANCH -m MESSAGE"},
    {"check", "store fsck, or store verify --worktree REV for the files"},
    {"create", "store save DIR -b BRANCH -m MESSAGE"},
    {"dump", "store cat REV:PATH, or store export REV -o FILE"},
    {"extract", "store checkout REV --out DIR"},
    {"forget", "store branch -d -f NAME, or store tag -d NAME"},
    {"history", "store log"},
    {"list", "store log, or store ls"},
    {"move", "store mv"},
    {"redo", "store undo: to take an undo back is to do it again"},
    {"remove", "store rm"},
    {"snapshot", "store save DIR -b BRANCH -m MESSAGE"},
    {"snapshots", "store log --all"},
    {"unstage", "store restore --staged PATH"},
};

constexpr std::string_view k_whole_files = "store add PATH: files are staged whole";
constexpr std::string_view k_lists_all = "store branch, which lists them all";
constexpr std::string_view k_what_changed = "store show REV, or store diff A B";
constexpr std::string_view k_plain_tag = "store tag NAME [REV]: a tag has no message; a commit has --meta KEY=VALUE";
constexpr std::string_view k_new_branch = "store switch -c NAME [START]";

constexpr OptionHabit k_options[] = {
    {"add", "-e", k_whole_files},
    {"add", "-i", k_whole_files},
    {"add", "--interactive", k_whole_files},
    {"add", "-p", k_whole_files},
    {"add", "--patch", k_whole_files},
    {"branch", "-a", k_lists_all},
    {"branch", "-c", "store branch NEW OLD"},
    {"branch", "-D", "store branch -d -f NAME"},
    {"branch", "-l", k_lists_all},
    {"branch", "--list", k_lists_all},
    {"branch", "-M", "store branch -m -f OLD NEW"},
    {"branch", "-r", k_lists_all},
    {"branch", "--show-current", "store status"},
    {"checkout", "-b", k_new_branch},
    {"checkout", "-B", k_new_branch},
    {"checkout", "--detach", "store checkout REV with an id, or store switch --detach REV"},
    {"commit", "", "store add PATH, then store commit, which takes all that is staged"},
    {"commit", "-n", "the same without it: there are no hooks"},
    {"commit", "--no-edit", "store commit --amend, which keeps the message without -m"},
    {"commit", "--no-verify", "the same without it: there are no hooks"},
    {"commit", "-p", k_whole_files},
    {"commit", "--patch", k_whole_files},
    {"diff", "--cached", "store diff --staged"},
    {"diff", "-p", "store diff, which shows text as a patch"},
    {"export", "--format", "store export REV -o NAME.tar.zst: the ending of the name says it"},
    {"export", "--prefix", "tar --transform where it is unpacked"},
    {"fsck", "--full", "store fsck, which reads everything"},
    {"init", "--initial-branch", "store init -b NAME"},
    {"log", "--follow", "store log -- PATH"},
    {"log", "--name-only", k_what_changed},
    {"log", "--name-status", k_what_changed},
    {"log", "-p", k_what_changed},
    {"log", "--patch", k_what_changed},
    {"log", "--pretty", "store log --format '{short} {subject}'"},
    {"log", "-S", "store find --content FILE, for the commits that hold these bytes"},
    {"log", "--stat", k_what_changed},
    {"ls", "-a", "store ls, which hides nothing"},
    {"ls", "-R", "store ls -r"},
    {"merge", "--continue", "store commit"},
    {"merge", "--ff-only", "store merge REV, which moves the branch forward where that is enough"},
    {"restore", "--worktree", "store restore PATH, and --staged for the index"},
    {"restore", "-W", "store restore PATH, and --staged for the index"},
    {"show", "--name-only", "store diff --name-only REV~1 REV"},
    {"show", "--name-status", "store diff --name-status REV~1 REV"},
    {"show", "-p", "store diff REV~1 REV"},
    {"show", "--patch", "store diff REV~1 REV"},
    {"show", "--stat", "store show REV, or store diff --stat REV~1 REV"},
    {"tag", "-a", k_plain_tag},
    {"tag", "--annotate", k_plain_tag},
    {"tag", "-l", "store tag, which lists them all"},
    {"tag", "--list", "store tag, which lists them all"},
    {"tag", "-s", k_plain_tag},
};

}  // namespace

std::span<const WordHabit> word_habits() { return k_words; }
std::span<const OptionHabit> option_habits() { return k_options; }

std::string_view habit_of_word(std::string_view word) {
  for (const WordHabit& habit : k_words)
    if (habit.word == word) return habit.hint;
  return {};
}

std::string_view habit_of_option(std::string_view word, std::string_view option) {
  for (const OptionHabit& habit : k_options)
    if (habit.word == word && habit.option == option) return habit.hint;
  return {};
}

}  // namespace store
