#include "worktree/ignore.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/error.h"
#include "support/scratch.h"
#include "worktree/scanner.h"
#include "worktree/wildmatch.h"

using namespace store;
using test::Scratch;

namespace {

/// The line that decides, "" for none; a path that ends with '/' is a directory.
std::string decides(const IgnoreScope::Pointer& scope, std::string path) {
  const bool directory = path.ends_with('/');
  if (directory) path.pop_back();
  const std::optional<IgnoreMatch> match = scope->match(path, directory);
  return match ? match->file->source() + ":" + std::to_string(match->rule->line) : "";
}

IgnoreScope::Pointer root_scope(std::string_view rules) {
  return IgnoreScope::inside(IgnoreScope::outside({}), "", IgnoreFile("f", "", rules));
}

bool ignored(std::string_view rules, std::string path) {
  const bool directory = path.ends_with('/');
  if (directory) path.pop_back();
  return root_scope(rules)->ignores(path, directory);
}

}  // namespace

TEST_CASE("a rule is read as gitignore(5) says") {
  struct Row {
    std::string_view rules;
    std::string path;
    bool expected;
  };
  const Row rows[] = {
      {"a", "x/a", true},          {"/a", "x/a", false},         {"/a", "a", true},
      {"x/a", "x/a", true},        {"x/a", "y/x/a", false},      {"a/", "a", false},
      {"a/", "a/", true},          {"*.o", "d/b.o", true},       {"d/*.o", "d/e/b.o", false},
      {"**/b", "d/e/b", true},     {"**/b", "b", true},          {"d/**", "d/e/f", true},
      {"d/**", "d/", false},       {"d/**/f", "d/f", true},      {"d/**/f", "d/e/g/f", true},
      {"#a", "#a", false},         {"\\#a", "#a", true},         {"\\!a", "!a", true},
      {"a ", "a", true},           {"a\\ ", "a ", true},         {"a\\\\ ", "a\\", true},
      {"a\r\nb", "a", true},       {"\xef\xbb\xbf" "a", "a", true}, {"*\n!a", "a", false},
      {"!a\n*", "a", true},        {"[ab", "[ab", false},        {"a\\", "a\\", false},
      {"", "a", false},            {"/", "a/", false},           {"!", "a", false},
      {"foo/*/bar", "foo/a/b/bar", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rules);
    CAPTURE(row.path);
    CHECK(ignored(row.rules, row.path) == row.expected);
  }
}

TEST_CASE("the innermost file decides, then those above, then those of the whole tree in their order") {
  IgnoreScope::Pointer scope = IgnoreScope::outside({IgnoreFile("exclude", "", "a\nb\nc\nd"), IgnoreFile("user", "", "e\nd")});
  scope = IgnoreScope::inside(scope, "", IgnoreFile("top", "", "a\nb\n!c"));
  scope = IgnoreScope::inside(scope, "s", IgnoreFile("inner", "s", "# nothing\n!a\n/x/y"));
  CHECK(decides(scope, "s/a") == "inner:2");
  CHECK(decides(scope, "s/b") == "top:2");
  CHECK(decides(scope, "s/c") == "top:3");
  CHECK(decides(scope, "s/d") == "exclude:4");
  CHECK(decides(scope, "s/e") == "user:1");
  CHECK(decides(scope, "s/f") == "");
  CHECK(decides(scope, "s/x/y") == "inner:3");
  CHECK_FALSE(scope->ignores("s/a", false));
}

TEST_CASE("nothing below an ignored directory can be taken out again") {
  IgnoreScope::Pointer scope = root_scope("d/\n!d/keep");
  scope = IgnoreScope::inside(scope, "d", IgnoreFile("inner", "d", "!*"));
  CHECK(decides(scope, "d/keep") == "f:1");
  CHECK(scope->ignores("d/e/f", false));
}

TEST_CASE("a directory without rules costs no scope of its own") {
  const IgnoreScope::Pointer scope = root_scope("a");
  CHECK(IgnoreScope::inside(scope, "d", std::nullopt) == scope);
  CHECK(IgnoreScope::inside(scope, "d", IgnoreFile("g", "d", "# only this\n")) == scope);
}

TEST_CASE("a walk tells what is ignored and follows no link to find rules") {
  const Scratch scratch;
  scratch.make_tree({{.path = "rules", .content = "*\n"},
                     {.path = ".storeignore", .content = "*.o\n/skip\n"},
                     {.path = "d/.storeignore", .content = "!a.o\n"},
                     {.path = "d/a.o", .content = ""},
                     {.path = "d/b.o", .content = ""},
                     {.path = "e/f", .content = ""},
                     {.path = "skip/x", .content = ""}});
  REQUIRE(::symlinkat("../rules", scratch.dirfd(), "e/.storeignore") == 0);
  for (const unsigned threads : {1u, 4u}) {
    ScanOptions options;
    options.threads = threads;
    options.ignore = IgnoreScope::outside({});
    options.enter = [](const ScanEntry& entry) { return !entry.ignored; };
    std::string seen;
    Scanner scanner(scratch.dirfd(), "", options);
    while (const std::optional<ScanEntry> entry = scanner.next()) seen += (entry->ignored ? "!" : "") + entry->path + " ";
    CHECK(seen == ".storeignore d d/.storeignore d/a.o !d/b.o e e/.storeignore e/f rules !skip ");
    std::string below;
    Scanner from_inside(scratch.dirfd(), "skip/x", options);
    while (const std::optional<ScanEntry> entry = from_inside.next()) below += (entry->ignored ? "!" : "") + entry->path + " ";
    CHECK(below == "!skip/x ");
  }
}

TEST_CASE("rules that are too long end the walk instead of being left out") {
  const Scratch scratch;
  scratch.write(".storeignore", std::string(k_max_ignore_file + 1, 'a'));
  CHECK_THROWS_AS(read_ignore_file(scratch.dirfd(), ""), Error);
  scratch.write(".storeignore", std::string(k_max_ignore_file / 2, '\n') + "a");
  CHECK(read_ignore_file(scratch.dirfd(), "")->match("a", false)->line == k_max_ignore_file / 2 + 1);
}

TEST_CASE("a pattern made to be slow is matched in bounded time") {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  const std::string text(500, 'a');
  CHECK_FALSE(wildmatch(stars + "b", text, Wildcard::within_name));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "**/*a";
  std::string path;
  for (int i = 0; i < 200; ++i) path += "aa/";
  CHECK_FALSE(wildmatch(deep + "b", path, Wildcard::within_name));
}

TEST_CASE("letters are folded as git folds them") {
  const auto folded = [](std::string_view pattern, std::string_view text) {
    return wildmatch(pattern, text, Wildcard::crosses_slash, LetterCase::folded);
  };
  CHECK(folded("aB*", "Abc"));
  CHECK(folded("[A-Z]", "q"));
  CHECK(folded("[[:upper:]]", "q"));
  CHECK_FALSE(folded("[Q]", "q"));   // as in git: a single member is compared as it is
  CHECK_FALSE(folded("\\Q", "q"));
  CHECK(equal_text("aBc", "AbC", LetterCase::folded));
  CHECK_FALSE(equal_text("aBc", "AbC", LetterCase::matters));
}
