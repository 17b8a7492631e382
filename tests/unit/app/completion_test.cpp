#include "app/completion.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

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

/// What __complete says, one word for each NUL.
Words answer(test::CommandLine& store, Words words) {
  words.insert(words.begin(), "__complete");
  Words out{""};
  for (const char c : store(words).out) {
    if (c == '\0')
      out.emplace_back();
    else
      out.back() += c;
  }
  out.pop_back();
  return out;
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
  CHECK(offers({"fsck", "--"}, "--repair"));
  CHECK(!offers({"add", "--"}, "--perf"));
}

TEST_CASE("values of options are completed behind them and behind an equals sign") {
  CHECK(texts({"--color", ""}) == Words{"auto", "always", "never"});
  CHECK(texts({"status", "--progress=p"}) == Words{"--progress=plain"});
  CHECK(complete({"cat", "-o", ""}).kind == Completes::file);
  CHECK(complete({"--repo", ""}).kind == Completes::directory);
}

TEST_CASE("after a double dash there are only paths") {
  CHECK(complete({"log", "--", ""}).kind == Completes::tracked);
  CHECK(complete({"add", "--", ""}).kind == Completes::addable);
  CHECK(complete({"add", "--exec", "x", "--", ""}).kind == Completes::file);
  CHECK(texts({"log", "--", "--gr"}).empty());
}

TEST_CASE("keys of the configuration are completed") {
  CHECK(offers({"config", "core."}, "core.fsync"));
  CHECK(texts({"config", "core.permissions", ""}) == Words{"full", "exec"});
  CHECK(texts({"config", "--user", "core.fsync", "t"}) == Words{"true"});
  CHECK(texts({"config", "performance.memory_map_threshold", ""}) == Words{"never"});
  CHECK(texts({"config", "user.name", ""}).empty());
  CHECK(texts({"--config", "ui.color=al"}) == Words{"ui.color=always"});
  CHECK(texts({"--config=core.permissions="}) == Words{"--config=core.permissions=full", "--config=core.permissions=exec"});
}

TEST_CASE("what a flag makes of the words behind it is completed, and names that are not in the repository") {
  CHECK(complete({"branch", ""}).kind == Completes::revision);
  CHECK(complete({"branch", "-d", ""}).kind == Completes::other_branch);
  CHECK(complete({"branch", "-fd", "a", ""}).kind == Completes::other_branch);
  CHECK(complete({"branch", "--move", ""}).kind == Completes::branch);
  CHECK(complete({"branch", "-f", ""}).kind == Completes::revision);
  CHECK(complete({"tag", "-d", ""}).kind == Completes::tag);
  CHECK(complete({"undo", ""}).kind == Completes::operation);
  CHECK(texts({"completion", ""}) == Words{"bash", "zsh", "fish"});
}

TEST_CASE("names come from the repository, and a place without one is no error") {
  test::CommandLine store;
  const auto offered = [&](Words words) { return answer(store, std::move(words)); };
  CHECK(offered({"log", ""}) == Words{":none"});
  store.commit_two_files();
  const std::string id = store({"log", "--format", "{short}"}).out.substr(0, 10);
  CHECK(offered({"switch", "m"}) == Words{":none", "main", "branch"});
  CHECK(offered({"log", id.substr(0, 4)}) == Words{":none", id, "first"});
  CHECK(offered({"cat", "main:"}) == Words{":path", "main:a", "", "main:d/", "directory"});
  CHECK(offered({"cat", "main:d/"}) == Words{":path", "main:d/b", ""});
  CHECK(offered({"cat", ":d"}) == Words{":path", ":d/", "directory"});
  CHECK(offered({"cat", "nothing:d"}) == Words{":path"});
  CHECK(offered({"restore", ""}) == Words{":path", "a", "", "d/", "directory"});
  CHECK(offered({"restore", "--source=m"}) == Words{":none", "--source=main", "branch"});
  CHECK(offered({"log", "main.."}) == Words{":none", "main..HEAD", "where the working tree is", "main..main", "branch", "main.." + id, "first"});
  CHECK(offered({"log", "..m"}) == Words{":none", "..main", "branch"});
  CHECK(offered({"diff", "HEAD..ma"}) == Words{":path", "HEAD..main", "branch"});
  CHECK(offered({"branch", "-d", ""}) == Words{":none"});
  CHECK(offered({"add", "--json", ""}) == Words{":path", "a", "", "d/", "directory"});
  CHECK(offered({"add", "d/"}) == Words{":path", "d/b", ""});
  CHECK(offered({"add", ".s"}) == Words{":path"});
  CHECK(offered({"add", "~/"}) == Words{":file"});
  store.cwd = store.scratch.path("home");
  CHECK(offered({"-C", "../work/d", "restore", "../"}) == Words{":path", "../a", "", "../d/", "directory"});
  CHECK(offered({"--repo", "../work", "ls", "main:d"}) == Words{":path", "main:d/", "directory"});
}

TEST_CASE("what is gone from disk can be added, too, and another branch deleted") {
  test::CommandLine store;
  store.commit_two_files();
  store({"branch", "other"});
  std::filesystem::remove(store.scratch.path("work/a"));
  CHECK(answer(store, {"add", ""}) == Words{":path", "d/", "directory", "a", ""});
  CHECK(answer(store, {"branch", "-d", ""}) == Words{":none", "other", "branch"});
}

TEST_CASE("ids are those of all branches, also where HEAD is nowhere, and the letters typed count before how many are offered") {
  test::CommandLine store;
  store.commit_two_files();
  const std::string first = store({"log", "--format", "{short}"}).out.substr(0, 10);
  for (int i = 0; i < 40; ++i) store({"commit", "--allow-empty", "-m", std::to_string(i)});
  CHECK(answer(store, {"show", first}) == Words{":path", first, "first"});
  CHECK(answer(store, {"show", "HEA"}) == Words{":path", "HEAD", "where the working tree is"});

  REQUIRE(store({"init", "--bare", "depot"}).code == 0);
  CHECK(answer(store, {"--repo", "depot", "show", ""}) == Words{":path"});
  const std::string saved = store({"-q", "--repo", "depot", "save", "d", "-b", "nightly", "-m", "saved"}).out.substr(0, 10);
  CHECK(answer(store, {"--repo", "depot", "show", ""}) == Words{":path", "nightly", "branch", saved, "saved"});
}
