#include "worktree/pathspec.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/path.h"
#include "support/git_command.h"
#include "support/random_bytes.h"
#include "support/scratch.h"

using namespace store;
using test::run_git;
using test::Scratch;
using test::split_at_nul;

namespace {

using Strings = std::vector<std::string>;

std::string random_pattern(testing::SplitMix64& random) {
  static const Strings k_pieces = {"a",     "b",     "c",    "d",      "/",           "*",
                                   "?",     "[ab]",  "[!a]", "[^b-c]", "**",          "*/",
                                   "[a-",   "[]a]",  "\\",   "\\*",    "[[:alpha:]]", "[[:x:]]",
                                   "[",     "]",     "-",    "[\\]]",  "[a\\-c]",     "[[:digit:]a]",
                                   "[c-a]", "[--a]", "[[:]", "[[:a]"};
  std::string pattern;
  for (std::uint64_t length = random.between(1, 6); length > 0; --length)
    pattern += k_pieces[random.next() % k_pieces.size()];
  return pattern;
}

/// What callers never pass on: they normalise paths first.
bool is_normal(const std::string& pattern) {
  return pattern.front() != '/' && pattern.back() != '/' && pattern.find("//") == std::string::npos;
}

PathspecSet set_of(const Strings& patterns) {
  std::vector<Pathspec> specs;
  for (const std::string& pattern : patterns) specs.emplace_back(pattern);
  return PathspecSet(std::move(specs));
}

}  // namespace

TEST_CASE("globs match as the table says") {
  struct Row {
    const char* pattern;
    const char* text;
    bool expected;
  };
  const Row rows[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "a/b", true},
      {"a*", "a", true},
      {"*.c", "src/x.c", true},
      {"*.c", "x.cc", false},
      {"a?c", "a/c", true},
      {"a?c", "ac", false},
      {"a*b*c", "aXbXbc", true},
      {"a*b*c", "aXbXb", false},
      {"[a-c]", "b", true},
      {"[a-c]", "d", false},
      {"[!a-c]", "d", true},
      {"[^a-c]", "b", false},
      {"[]]", "]", true},
      {"[]-a]", "_", true},
      {"[a-]", "-", true},
      {"[", "[", false},
      {"[a", "a", false},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"a\\", "a", false},
      {"a\\", "a\\", false},
      {"[\\]]", "]", true},
      {"[[:digit:]]", "5", true},
      {"[[:nope:]]", "n", false},
      {"[\xe0-\xff]", "\xf0", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    CHECK(glob_matches(row.pattern, row.text) == row.expected);
  }
}

TEST_CASE("a pattern of many stars takes no exponential time") {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "a*";
  CHECK_FALSE(glob_matches(pattern + "b", std::string(2000, 'a')));
}

TEST_CASE("a path matches by being the pathspec, by lying below it, or as a glob") {
  const PathspecSet set = set_of({"src", "doc/*.md", "w[1]"});
  CHECK(set.matches("src"));
  CHECK(set.matches("src/a/b"));
  CHECK_FALSE(set.matches("srcs"));
  CHECK(set.matches("doc/x/y.md"));
  CHECK(set.matches("w[1]/x"));
  CHECK(set.matches("w1"));
  CHECK_FALSE(set.matches("w1/x"));
  CHECK_FALSE(set.matches("other"));
  CHECK(set_of({}).matches("anything"));
  CHECK(set_of({""}).matches("anything"));
  CHECK_FALSE(PathspecSet({Pathspec::exactly("*")}).matches("a"));
  CHECK(PathspecSet({Pathspec::exactly("*")}).matches("*/x"));
}

TEST_CASE("the literal prefix is the directory where a walk starts") {
  CHECK(Pathspec("a/b").root() == "a/b");
  CHECK(Pathspec("a/b/").root() == "a/b");
  CHECK(Pathspec("a/b*").root() == "a");
  CHECK(Pathspec("a/b/*").root() == "a/b");
  CHECK(Pathspec("*.c").root() == "");
  CHECK(Pathspec("a\\b/c").root() == "");
  CHECK(Pathspec("a/b").literal);
  CHECK_FALSE(Pathspec("a\\b").literal);
  CHECK(set_of({"b", "a/c*", "a", "*"}).roots() == Strings{""});
  CHECK(set_of({"b", "a/c*", "a/"}).roots() == Strings{"a", "b"});
}

TEST_CASE("a directory is ruled out only if nothing below it can match") {
  const PathspecSet set = set_of({"src/a*.c", "doc"});
  CHECK(set.may_match_below(""));
  CHECK(set.may_match_below("src"));
  CHECK(set.may_match_below("src/abc/d"));
  CHECK_FALSE(set.may_match_below("src/b"));
  CHECK_FALSE(set.may_match_below("sr"));
  CHECK(set.may_match_below("doc/x"));
  CHECK_FALSE(set.may_match_below("docs"));
  CHECK(set_of({}).may_match_below("x"));
}

TEST_CASE("a slash at the end means directories, and exclusions take away") {
  CHECK_FALSE(Pathspec("a/").matches("a"));
  CHECK(Pathspec("a/").matches("a", EntryKind::directory));
  CHECK(Pathspec("a/").matches("a/b"));
  Pathspec out("a/*.o");
  out.exclude = true;
  CHECK_FALSE(PathspecSet({"a", out}).matches("a/x.o"));
  CHECK(PathspecSet({"a", out}).matches("a/x"));
  CHECK_FALSE(PathspecSet({"a", out}).matches("b"));
  CHECK(PathspecSet({out}).matches("b"));
  CHECK_FALSE(PathspecSet({out}).matches("a/d/x.o"));
  CHECK(PathspecSet({out}).roots() == Strings{""});
}

TEST_CASE("no directory above a matching path is ever ruled out") {
  testing::SplitMix64 random(5);
  const Strings paths = {"a/b/c", "a/-/d", "b/a", "c/c/c/c", "d/[/a", "a*/b"};
  for (int i = 0; i < 3000; ++i) {
    const std::string pattern = random_pattern(random);
    const PathspecSet set = set_of({pattern});
    for (const std::string& path : paths) {
      if (!set.matches(path)) continue;
      for (std::string_view above = parent_path(path);; above = parent_path(above)) {
        CAPTURE(pattern);
        CAPTURE(path);
        REQUIRE(set.may_match_below(above));
        if (above.empty()) break;
      }
    }
  }
}

TEST_CASE("random patterns select what git ls-files selects") {
  const Scratch scratch;
  if (run_git(scratch, {"init", "-q"}).status != 0) {
    MESSAGE("git is not installed: nothing to compare with");
    return;
  }
  for (const char* path :
       {"a/b/c", "a/b-", "a-/d", "b", "c/a", "d/]", "d/[", "ab", "abc", "a*/b", "-", "d/-/1", "cc/\\", "1a"})
    scratch.write(path, "");
  REQUIRE(run_git(scratch, {"add", "-A"}).status == 0);
  const Strings tracked = split_at_nul(run_git(scratch, {"ls-files", "-z"}).output);
  REQUIRE(tracked.size() == 14);
  testing::SplitMix64 random(11);
  int compared = 0;
  while (compared < 200) {
    const std::string pattern = random_pattern(random);
    if (!is_normal(pattern)) continue;
    ++compared;
    const PathspecSet set = set_of({pattern});
    Strings selected;
    std::copy_if(tracked.begin(), tracked.end(), std::back_inserter(selected),
                 [&](const std::string& path) { return set.matches(path); });
    CAPTURE(pattern);
    CHECK(selected == split_at_nul(run_git(scratch, {"ls-files", "-z", "--", pattern}).output));
  }
}
