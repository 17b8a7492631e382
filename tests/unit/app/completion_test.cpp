#include "app/completion.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "cli_fixture.h"

using namespace store;

namespace {

using Words = std::vector<std::string>;

Words texts(const Words& words) {
  Words out;
  for (const Completion::Candidate& candidate : complete(words).candidates) out.push_back(candidate.text);
  return out;
}

bool offers(const Words& words, const std::string& text) {
  const Words offered = texts(words);
  return std::find(offered.begin(), offered.end(), text) != offered.end();
}

}  // namespace

TEST_CASE("words are completed, hidden and later ones are not") {
  CHECK(texts({"checko"}) == Words{"checkout"});
  CHECK(offers({""}, "add"));
  CHECK(!offers({"_"}, "__complete"));
  CHECK(!offers({""}, "push"));
  CHECK(texts({"-C", "x", "comm"}) == Words{"commit"});
}

TEST_CASE("options are completed with those of the word and the global ones") {
  CHECK(texts({"log", "--gr"}) == Words{"--graph", "--grep", "--growth"});
  CHECK(offers({"add", "--"}, "--json"));
  CHECK(offers({"add", "--"}, "--stdin"));
  CHECK(!offers({"fsck", "--"}, "--repair"));
  CHECK(!offers({"add", "--"}, "--perf"));
}

TEST_CASE("values of options are completed behind them and behind an equals sign") {
  CHECK(texts({"--color", ""}) == Words{"auto", "always", "never"});
  CHECK(texts({"status", "--progress=p"}) == Words{"--progress=plain"});
  CHECK(complete({"cat", "-o", ""}).kind == Completes::file);
  CHECK(complete({"--repo", ""}).kind == Completes::directory);
}

TEST_CASE("after a double dash there are only paths") {
  CHECK(complete({"log", "--", ""}).kind == Completes::file);
  CHECK(texts({"log", "--", "--gr"}).empty());
}

TEST_CASE("keys of the configuration are completed") {
  CHECK(offers({"config", "core."}, "core.fsync"));
  CHECK(texts({"config", "core.fsync", ""}).empty());
}

TEST_CASE("revisions come from the repository, and a place without one is no error") {
  test::CommandLine store;
  CHECK(store({"__complete", "log", ""}).out == ":none\n");
  store.commit_two_files();
  CHECK(store({"__complete", "checkout", "m"}).out == "main\trevision\n:none\n");
  CHECK(store({"__complete", "add", "--json", ""}).out == ":file\n");
}
