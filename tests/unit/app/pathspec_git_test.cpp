#include <doctest/doctest.h>

#include <cstdlib>

#include "app/path_arguments.h"
#include "base/error.h"
#include "support/git_command.h"
#include "support/random_bytes.h"
#include "worktree/pathspec.h"

using namespace store;
using test::run_git;
using test::Scratch;
using test::split_at_nul;

namespace {

using Strings = std::vector<std::string>;

std::string any_of(testing::SplitMix64& random, const Strings& choices) { return choices[random.next() % choices.size()]; }

bool is_normal(const std::string& path) {
  const std::string inside = "/" + path + "/";
  return inside.find("//") == std::string::npos && inside.find("/./") == std::string::npos &&
         inside.find("/../") == std::string::npos;
}

std::string random_pathspec(testing::SplitMix64& random) {
  static const Strings k_magic = {"",       "",        "",           "",          "",         ":/",         ":!",
                                  ":^",     ":!/",     ":/:",        ":",         ":(glob)",  ":(icase)",   ":(top,glob)",
                                  ":(top)", ":(icase,glob)", ":(exclude)", ":(literal)", ":(exclude,icase)", ":(top,exclude,glob)",
                                  ":(bad)", ":(glob,literal)", ":%"};
  static const Strings k_pieces = {"a", "b", "A", "d", "/", "*", "?", "[ab]", "[!a]", "**", "**/", "/**", "*/", "[a-", "\\", "\\*",
                                   "[[:upper:]]", "-", "..", "../", "./", "[a]", "a*", "/", "B-c", "x"};
  const std::string magic = any_of(random, k_magic);
  const bool short_magic = magic.starts_with(':') && !magic.starts_with(":(");  // it takes a '/' behind it as its own
  const bool from_top = short_magic || magic.find("top") != std::string::npos;
  for (;;) {
    std::string path;
    for (std::uint64_t length = random.between(1, 5); length > 0; --length) path += any_of(random, k_pieces);
    // Behind :/ git takes a path as it is, and then "./a" is nobody's name; here it is a's.
    if (!from_top || is_normal(path)) return magic + path;
  }
}

/// What the pathspecs select of the tracked paths; nothing if
/// they are refused.
std::optional<Strings> selected(const PathArguments& arguments, const Strings& specs, const Strings& tracked) {
  std::vector<Pathspec> resolved;
  try {
    resolved = arguments.resolve_pathspecs(specs);
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::usage);
    return std::nullopt;
  }
  const PathspecSet set(resolved);
  Strings paths;
  for (const std::string& path : tracked) {
    if (set.matches(path)) paths.push_back(path);
  }
  return paths;
}

}  // namespace

TEST_CASE("pathspecs with magic, from any directory, select what git ls-files selects") {
  const Scratch scratch;
  if (run_git(scratch, {"init", "-q"}).status != 0) {
    MESSAGE("git is not installed: nothing to compare with");
    return;
  }
  for (const char* path : {"a/b/c", "a/b-", "a-/d", "b", "c/a", "d/]", "d/[", "ab", "abc", "a*/b", "a*/a", "-", "d/-/1", "cc/\\", "A/B",
                           "A/b", "B-c", "a/A/a", "a/a/a", "d/B-c", "x/a/b/d", "x/A", "d/x/a", "[a]/a", "[a]/x/B", "b-/a"})
    scratch.write(path, "");
  REQUIRE(run_git(scratch, {"add", "-A"}).status == 0);
  const Strings tracked = split_at_nul(run_git(scratch, {"ls-files", "-z"}).output);
  REQUIRE(tracked.size() == 26);
  const char* slow = std::getenv("STORE_SLOW_TESTS");
  const int wanted = slow != nullptr ? 10'000 : 500;
  testing::SplitMix64 random(23);
  int matched = 0;
  for (int i = 0; i < wanted; ++i) {
    const std::string here = any_of(random, {"", "", "a", "a/b", "a*", "[a]", "x/a"});
    Strings specs;
    for (std::uint64_t count = random.between(1, 3); count > 0; --count) specs.push_back(random_pathspec(random));
    // Of exclusions alone git ls-files takes the rest of the current directory, add and status of the whole tree.
    if (random.next() % 4 == 0) specs.insert(specs.begin(), ":/");
    // git ls-files cuts what the others have in common off exclusions too, which may not have it: nothing is in common with this.
    specs.push_back(":/zzz");
    const PathArguments arguments(scratch.path(), here.empty() ? scratch.path() : scratch.path(here), false);
    const std::optional<Strings> ours = selected(arguments, specs, tracked);
    Strings words = {"ls-files", "-z", "--full-name", "--"};
    words.insert(words.end(), specs.begin(), specs.end());
    const test::Outcome theirs = run_git(scratch, words, here);
    CAPTURE(here);
    for (const std::string& spec : specs) CAPTURE(spec);
    std::string all;
    for (const std::string& spec : specs) all += "'" + spec + "' ";
    CAPTURE(all);
    REQUIRE((theirs.status == 0) == ours.has_value());
    if (!ours) continue;
    matched += !ours->empty();
    REQUIRE(*ours == split_at_nul(theirs.output));
  }
  CHECK(matched > wanted / 4);
}
