// Recipes with right ids around bad content, and what switching between trees makes of links.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hash/sha256.h"
#include "support/attack.h"

using namespace store;
using namespace store::test;

namespace {

const std::vector<std::string> k_content_words = {"cat", "export", "out", "checkout", "restore", "fsck", "data"};

/// A file `f` of this recipe, of which its entry says that it has so many bytes.
Codes attack_with(const std::function<ObjectId(HostileRepository&)>& recipe, std::uint64_t size, const WordsLeftOut& left_out = {}) {
  HostileRepository repository;
  repository.publish_tree({{.kind = 2, .mode = 0644, .size = size, .name = "f", .id = recipe(repository)}});
  return attack(repository, left_out);
}

void check_refused(const std::function<ObjectId(HostileRepository&)>& recipe, std::uint64_t size) {
  const Codes codes = attack_with(recipe, size);
  CHECK_MESSAGE(others(codes, k_content_words, 6).empty(), fmt::format("{}", codes));
}

Bytes chunk_entry(HostileRepository& repository, const std::string& content, std::uint64_t length) {
  return HostileRepository::encode_recipe(1, length, repository.chunk(content));
}

}  // namespace

TEST_CASE("recipes whose lengths overflow, do not add up, or stand where none may") {
  constexpr std::uint64_t k_half = 1ULL << 62;
  const auto zeros = [](std::uint64_t length) { return HostileRepository::encode_recipe(2, length, {}); };
  const auto of = [](std::uint64_t bytes, const auto& entries) {
    return [=](HostileRepository& repository) {
      const std::vector<Bytes> encoded = entries(repository);
      return repository.node(ObjectType::recipe, {.count = encoded.size(), .bytes = bytes, .entries = encoded});
    };
  };
  using Entries = std::vector<Bytes>;
  const std::string text(100'000, 'x');
  // The sum wraps to 4, or to nothing at all.
  check_refused(of(4, [&](auto& r) { return Entries{zeros(k_half), chunk_entry(r, "abcd", 4), zeros(k_half), chunk_entry(r, "e", 1), zeros(k_half),
                                                    chunk_entry(r, "f", 1), zeros(k_half)}; }), 4);
  check_refused(of(1 << 20, [&](auto& r) { return Entries{chunk_entry(r, text, text.size())}; }), 1 << 20);
  check_refused(of(text.size(), [&](auto& r) { return Entries{chunk_entry(r, text, text.size())}; }), 1 << 20);
  check_refused(of(8, [&](auto&) { return Entries{zeros(4), zeros(4)}; }), 8);
  check_refused(of(4, [&](auto& r) { return Entries{zeros(0), chunk_entry(r, "abcd", 4)}; }), 4);
  check_refused(of(4, [&](auto& r) { return Entries{HostileRepository::encode_recipe(3, 4, r.chunk("abcd"))}; }), 4);
  check_refused(of(4, [&](auto& r) { return Entries{HostileRepository::encode_recipe(2, 4, r.chunk("abcd"))}; }), 4);
  check_refused(of(4, [&](auto&) { return Entries{HostileRepository::encode_recipe(1, 4, {})}; }), 4);
  check_refused(of(9 << 20, [&](auto& r) { return Entries{chunk_entry(r, "abcd", 9 << 20)}; }), 9 << 20);
  check_refused(of(4, [&](auto&) { return Entries{HostileRepository::encode_recipe(1, 4, sha256(as_bytes("nowhere")))}; }), 4);
}

TEST_CASE("a chunk that is longer or shorter than its recipe says") {
  for (const std::uint64_t length : {3U, 5U}) {
    const auto recipe = [&](HostileRepository& repository) {
      return repository.node(ObjectType::recipe, {.count = 1, .bytes = length, .entries = {chunk_entry(repository, "abcd", length)}});
    };
    const Codes codes = attack_with(recipe, length);
    CHECK_MESSAGE(others(codes, {"cat", "export", "out", "checkout", "restore"}, 6).empty(), fmt::format("{}", codes));
  }
}

TEST_CASE("a recipe of one chunk that stands for a petabyte needs more room than there is") {
  constexpr std::uint64_t k_chunk = 64 << 10;
  std::uint64_t bytes = k_chunk;
  const auto recipe = [&](HostileRepository& repository) {
    RawNode node{.level = 0, .count = 512, .bytes = 512 * k_chunk};
    node.entries.assign(512, chunk_entry(repository, std::string(k_chunk, 'c'), k_chunk));
    for (int level = 0;; ++level) {
      bytes = node.bytes;
      const ObjectId id = repository.node(ObjectType::recipe, node);
      if (level == 3) return id;
      const Bytes below = encode_upper_entry(ObjectType::recipe, {.count = node.count, .bytes = node.bytes, .name = "", .id = id});
      node = {.level = static_cast<std::uint8_t>(level + 1), .count = node.count * 512, .bytes = node.bytes * 512};
      node.entries.assign(512, below);
    }
  };
  HostileRepository measure;
  recipe(measure);
  // What reads all of the content has that much to do.
  const Codes codes = attack_with(recipe, bytes, {"cat", "export", "manifest", "rechunk"});
  CHECK_MESSAGE(codes.at("out") == 9, fmt::format("{}", codes));
  for (const std::string word : {"checkout", "restore"}) CHECK_MESSAGE((codes.at(word) == 9 || codes.at(word) == 3), fmt::format("{}", codes));
  CHECK_MESSAGE(others(codes, {"log", "ls", "du", "stats", "find", "fsck", "data", "status"}, 0).empty(), fmt::format("{}", codes));
}

TEST_CASE("a hole of 2^62 bytes is no work") {
  constexpr std::uint64_t k_size = 1ULL << 62;
  const auto recipe = [&](HostileRepository& repository) {
    return repository.node(ObjectType::recipe,
                           {.count = 1, .bytes = k_size, .entries = {HostileRepository::encode_recipe(2, k_size, {})}});
  };
  const Codes codes = attack_with(recipe, k_size, {"cat", "manifest"});
  CHECK_MESSAGE(others(codes, {"log", "ls", "du", "stats", "find", "fsck", "data", "status"}, 0).empty(), fmt::format("{}", codes));
}

TEST_CASE("links whose targets cannot be") {
  for (const std::string& target : {std::string(), std::string("a\0b", 3), std::string(5000, 'x'), std::string(1 << 20, 'x')}) {
    CAPTURE(target.size());
    HostileRepository repository;
    repository.publish_tree({repository.file("f", "1\n"), repository.link("l", target)});
    const Codes codes = attack(repository);
    CHECK_MESSAGE(codes.at("out") != 0, fmt::format("{}", codes));
  }
}

TEST_CASE("a link, and then a directory of its name: nothing goes through the link") {
  for (const std::string target : {"../outside", "/proc/self/cwd/../outside", ".store", ".", "d"}) {
    CAPTURE(target);
    HostileRepository repository;
    const ObjectId first = repository.commit_of(repository.tree({repository.link("d", target), repository.file("f", "1\n")}));
    const ObjectId second = repository.tree(
        {repository.directory("d", {repository.file("config", "evil\n"), repository.directory("kept", {repository.file("y", "evil\n")}),
                                    repository.file("precious", "evil\n")}),
         repository.file("f", "2\n")});
    repository.publish(repository.commit_of(second, {first}));
    Codes codes = attack(repository);
    CHECK_MESSAGE(others(codes, {"out", "checkout", "again", "fsck"}, 0).empty(), fmt::format("{}", codes));
    // The working tree has the link now; back, with and without force, and with a link that stands in the way.
    codes = attack(repository);
    CHECK_MESSAGE(others(codes, {"checkout", "again"}, 0).empty(), fmt::format("{}", codes));
    repository.scratch().remove("work/d");
    repository.scratch().make_symlink("work/d", target);
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"checkout", "main"}, {"restore", "d"}, {"add", "-A"}, {"add", "d/precious"}, {"rm", "-r", "-f", "d"}, {"checkout", "--force", "main"}}) {
      const ProgramRun run = run_program(repository.worktree(), words);
      CHECK_MESSAGE(run.code < 70, fmt::format("{}: {}", words, run.err));
      CHECK(repository.scratch().read("outside/precious") == "precious\n");
      CHECK(!repository.scratch().exists("outside/kept/y"));
      CHECK(repository.scratch().read("work/.store/config") != "evil\n");
    }
  }
}
