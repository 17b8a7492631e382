#include "support/attack.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <regex>

#include "base/fd.h"

namespace store::test {
namespace {

constexpr std::uint64_t k_memory = 160ULL << 20;

struct Word {
  std::string name;
  std::vector<std::string> arguments;
  bool prints_content = false;
};

const std::vector<Word>& words() {
  static const std::vector<Word> all = {
      {"log", {"log", "--growth"}},
      {"graph", {"log", "--graph", "--all"}},
      {"show", {"show", "main"}},
      {"ls", {"ls", "-r", "-l", "main"}},
      {"json", {"--json", "ls", "-r", "main"}},
      {"status", {"status"}},
      {"diff", {"diff", "--name-status", "main"}},
      {"du", {"du", "--new", "main"}},
      {"stats", {"stats", "--histogram"}},
      {"find", {"find", "*"}},
      {"manifest", {"manifest", "main"}, true},  // names as sha256sum wants them
      {"verify", {"verify", "--worktree", "main"}},
      {"inspect", {"inspect", "main:"}},
      {"layers", {"layers"}},
      {"cat", {"cat", "main:f"}, true},
      {"export", {"export", "main", "-o", "../out.tar"}},
      {"out", {"checkout", "main", "--out", "../out"}},
      {"save", {"save", "../outside", "-b", "saved", "-m", "saved"}},
      {"fsck", {"fsck"}},
      {"data", {"fsck", "--data"}},
      {"checkout", {"checkout", "--force", "main"}},
      {"restore", {"restore", "--source", "main", ":/"}},
      {"again", {"checkout", "--force", "main~1"}},
      {"rechunk", {"repack", "--rechunk", "other"}},
      {"repack", {"repack"}},
      {"merge", {"merge", "saved"}},  // what `save` has made: a history of its own
  };
  return all;
}

/// Everything in the scratch folder but what words may write, with sizes and numbers of links.
std::vector<std::string> surroundings(const Scratch& scratch) {
  std::vector<std::string> seen;
  for (const std::string& path : scratch.list()) {
    if (path.starts_with("work/") || path == "out.tar" || path == "out" || path.starts_with("out/")) continue;
    const struct stat entry = stat_fd(scratch.dirfd(), path);
    const bool directory = S_ISDIR(entry.st_mode);
    seen.push_back(fmt::format("{} {:o} {} {}", path, entry.st_mode, directory ? 0 : entry.st_size, directory ? 0 : entry.st_nlink));
  }
  return seen;
}

/// C0 and DEL. What is quoted as git does it keeps C1, which is UTF-8.
bool has_control(std::string_view text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) return true;
  return false;
}

bool is_answer(const ProgramRun& run) {
  static const std::set<int> all = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13};
  return all.contains(run.code) || (run.code == 14 && run.err.find("File too large") != run.err.npos);
}

/// Damage is told with the type and the id of the object, or with the pack, that it was read from. What `fsck` found is on stdout.
bool names_its_source(const ProgramRun& run) {
  static const std::regex source("(commit|tree|recipe|attributes|chunk|pack) [0-9a-f]{10,64}");
  return std::regex_search(run.err, source) || std::regex_search(run.out, source);
}

void check(const Word& word, const ProgramRun& run) {
  INFO(word.name, ": ", run.code, ": ", run.err.substr(0, 2000));
  CHECK(is_answer(run));
  CHECK(run.peak_memory < k_memory);
  CHECK((run.code == 0 || run.code == 1 || !run.err.empty()));
  CHECK(((run.code != 6 && run.code != 13) || names_its_source(run)));
  CHECK(!has_control(run.err));
  if (!word.prints_content) CHECK(!has_control(run.out));
}

}  // namespace

const std::vector<std::string> k_tree_words = {"ls",     "json", "diff",     "find", "manifest", "verify",
                                               "export", "out",  "checkout", "fsck", "data",     "restore"};

Codes attack(const HostileRepository& repository, const WordsLeftOut& left_out) {
  const Scratch& scratch = repository.scratch();
  scratch.write("outside/precious", "precious\n");
  scratch.write("outside/kept/x", "x");
  const std::vector<std::string> before = surroundings(scratch);
  const std::string config = scratch.read("work/.store/config");
  Codes codes;
  for (const Word& word : words()) {
    if (left_out.contains(word.name)) continue;
    const ProgramRun run = run_program(repository.worktree(), word.arguments);
    check(word, run);
    codes[word.name] = run.code;
    CHECK_MESSAGE(surroundings(scratch) == before, fmt::format("{}: {}", word.name, surroundings(scratch)));
    CHECK_MESSAGE(scratch.read("outside/precious") == "precious\n", word.name);
    CHECK_MESSAGE(scratch.read("work/.store/config") == config, word.name);
  }
  return codes;
}

std::vector<std::string> others(const Codes& codes, const std::vector<std::string>& names, int code) {
  std::vector<std::string> found;
  for (const std::string& name : names)
    if (const auto at = codes.find(name); at != codes.end() && at->second != code)
      found.push_back(fmt::format("{}: {}", name, at->second));
  return found;
}

}  // namespace store::test
