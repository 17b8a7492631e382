// Trees with right ids around bad content: names that climb, adjoin or hide, kinds and modes that there are not, sums that are wrong,
// and the same subtree again and again.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hash/sha256.h"
#include "support/attack.h"

using namespace store;
using namespace store::test;

namespace {

/// Everybody who looks at the whole tree says that it is damaged, and nothing comes out of it.
void check_refused(const HostileRepository& repository) {
  const Codes codes = attack(repository);
  CHECK_MESSAGE(others(codes, k_tree_words, 6).empty(), fmt::format("{}", others(codes, k_tree_words, 6)));
  CHECK(!repository.scratch().exists("out"));
}

/// A directory whose only object is an upper node over these level-0 nodes; `entry` is asked for what the upper node says.
ObjectId upper_tree(HostileRepository& repository, const std::vector<std::vector<RawEntry>>& leaves, std::uint64_t more_count = 0) {
  RawNode upper{.level = 1, .count = 0, .bytes = 0};
  for (const std::vector<RawEntry>& leaf : leaves) {
    const UpperEntry entry{.count = leaf.size() + more_count, .bytes = HostileRepository::bytes_of(leaf),
                           .name = leaf.back().name, .id = repository.tree(leaf)};
    upper.entries.push_back(encode_upper_entry(ObjectType::tree, entry));
    upper.count += entry.count;
    upper.bytes += entry.bytes;
  }
  return repository.node(ObjectType::tree, upper);
}

}  // namespace

TEST_CASE("a tree that is as it should be is restored: the words can succeed") {
  HostileRepository repository;
  repository.publish_tree({repository.directory("d", {repository.file("g", "two\n")}), repository.file("f", "one\n"),
                           repository.link("l", "f")});
  const Codes codes = attack(repository);
  CHECK_MESSAGE(others(codes, {"log", "show", "ls", "json", "status", "du", "stats", "find", "manifest", "inspect", "cat", "export",
                               "out", "fsck", "data", "checkout", "restore", "repack", "save"}, 0).empty(),
                fmt::format("{}", codes));
  CHECK(codes.at("again") == 4);
  CHECK(repository.scratch().read("out/d/g") == "two\n");
  CHECK(repository.scratch().read("work/f") == "one\n");
}

TEST_CASE("names that a tree cannot have") {
  const std::string names[] = {"..",          ".",           "",       "a/b",           "../outside/x",    "/etc/x", std::string("a\0b", 3),
                               ".store",      ".STORE",      ".Store", ".st\u200core",  ".store\u200d",    "\ufeff.store"};
  for (const std::string& name : names) {
    CAPTURE(name);
    for (const bool directory : {false, true}) {
      HostileRepository repository;
      const RawEntry good = repository.file("f", "content");
      RawEntry bad = directory ? repository.directory(name, {good}) : repository.file(name, "content");
      const ObjectId tree = name < "f" ? repository.tree({bad, good}) : repository.tree({good, bad});
      repository.publish_tree(tree);
      check_refused(repository);
    }
  }
}

TEST_CASE("names that come twice or in no order, in one node and across nodes") {
  HostileRepository twice;
  twice.publish_tree({twice.file("f", "1"), twice.file("f", "2")});
  check_refused(twice);

  HostileRepository link_and_directory;
  link_and_directory.publish_tree({link_and_directory.link("d", "../outside"),
                                   link_and_directory.directory("d", {link_and_directory.file("precious", "stolen")})});
  check_refused(link_and_directory);

  HostileRepository backwards;
  backwards.publish_tree({backwards.file("g", "1"), backwards.file("f", "2")});
  check_refused(backwards);

  HostileRepository across;
  across.publish_tree(upper_tree(across, {{across.link("d", "../outside")}, {across.directory("d", {across.file("x", "1")})}}));
  check_refused(across);
}

TEST_CASE("kinds, modes, sizes and ids that there are not") {
  const auto with = [](const auto& change) {
    HostileRepository repository;
    RawEntry entry = repository.file("f", "content");
    change(entry);
    repository.publish_tree({entry});
    check_refused(repository);
  };
  for (const std::uint8_t kind : std::initializer_list<std::uint8_t>{0, 8, 255}) with([&](RawEntry& entry) { entry.kind = kind; });
  for (const std::uint16_t mode : std::initializer_list<std::uint16_t>{0100644, 0170000, 0177777}) with([&](RawEntry& entry) { entry.mode = mode; });
  with([](RawEntry& entry) { entry.size = ~0ULL; });
  with([](RawEntry& entry) { entry.size = 1ULL << 63; });
  with([](RawEntry& entry) { entry.size = 9 << 20; });              // a chunk is 8 MiB at most
  with([](RawEntry& entry) { entry.kind = 5; });                    // a fifo with content
  with([](RawEntry& entry) { entry.kind = 4; });                    // a link with a mode
  with([](RawEntry& entry) { entry.size = 0; });                    // the empty file has one id
  with([](RawEntry& entry) { entry.id = {}; });
}

TEST_CASE("nodes whose sums and levels are wrong") {
  HostileRepository count;
  count.publish_tree(count.node(ObjectType::tree, {.count = 1ULL << 60, .bytes = 1,
                                                   .entries = {HostileRepository::encode(count.file("f", "1"))}}));
  check_refused(count);

  HostileRepository wide;
  wide.publish_tree(upper_tree(wide, {{wide.file("f", "1")}, {wide.file("g", "1")}}, 1ULL << 60));
  check_refused(wide);

  HostileRepository directory_size;
  RawEntry entry = directory_size.directory("d", {directory_size.file("f", "1")});
  entry.size += 1;
  directory_size.publish_tree({entry});
  const Codes codes = attack(directory_size);
  CHECK_MESSAGE(others(codes, {"ls", "json", "find", "manifest", "export", "out", "checkout", "fsck", "data"}, 6).empty(),
                fmt::format("{}", codes));

  HostileRepository deep_level;
  deep_level.publish_tree(deep_level.node(
      ObjectType::tree, {.level = 15, .count = 1, .bytes = 1,
                         .entries = {encode_upper_entry(ObjectType::tree, {1, 1, "f", deep_level.tree({deep_level.file("f", "1")})})}}));
  check_refused(deep_level);
}

TEST_CASE("what a tree names is of another type, of another length, or not there") {
  HostileRepository missing;
  missing.publish_tree({{.kind = 3, .mode = 0755, .size = 1, .name = "d", .id = sha256(as_bytes("nowhere"))}});
  check_refused(missing);

  HostileRepository no_content;
  no_content.publish_tree({{.kind = 1, .mode = 0644, .size = 7, .name = "f", .id = sha256(as_bytes("nowhere"))}});
  Codes codes = attack(no_content);
  CHECK_MESSAGE(others(codes, {"cat", "export", "out", "checkout", "restore", "fsck", "data"}, 6).empty(), fmt::format("{}", codes));

  // The bytes of a tree node, stored as content only.
  HostileRepository other_type;
  const Bytes bytes = encode_node({.type = ObjectType::tree, .level = 0, .count = 0, .bytes = 0, .entries = {}});
  const ObjectId id = other_type.chunk(as_text(bytes));
  other_type.publish_tree({{.kind = 3, .mode = 0755, .size = 0, .name = "d", .id = id}});
  check_refused(other_type);

  HostileRepository longer;
  RawEntry entry = longer.file("f", "seven b");
  entry.size = 5;
  longer.publish_tree({entry});
  codes = attack(longer);
  CHECK_MESSAGE(others(codes, {"cat", "export", "out", "checkout", "restore", "fsck", "data"}, 6).empty(), fmt::format("{}", codes));
}

TEST_CASE("a size that is not that of the content is told with the path, the commit and the tree that says it") {
  for (const bool link : {false, true}) {
    CAPTURE(link);
    HostileRepository repository;
    RawEntry entry = link ? repository.link("f", "seven b") : repository.file("f", "seven b");
    entry.size = 5;
    const RawEntry directory = repository.directory("d", {repository.file("e", "as it says"), entry});
    const ObjectId commit = repository.publish_tree({directory, repository.file("g", "seven b")});
    const ProgramRun run = run_program(repository.worktree(), {"--json", "fsck"});
    CHECK(run.code == 6);
    CAPTURE(run.out);
    CHECK(run.out.find(R"("kind":"size")") != run.out.npos);
    CHECK(run.out.find(fmt::format(R"("object":"{}","commits":["{}"],"paths":["d/f"])", directory.id.hex(), commit.hex())) != run.out.npos);
    // A repair cannot mend it, and says so.
    CHECK(run_program(repository.worktree(), {"fsck", "--repair"}).code == 6);
    CHECK(run_program(repository.worktree(), {"fsck", "--quick"}).code == 0);
  }
}

TEST_CASE("a chain of directories that is too deep") {
  for (const std::size_t depth : {std::size_t{1000}, std::size_t{5000}, std::size_t{50'000}}) {
    CAPTURE(depth);
    HostileRepository repository;
    RawEntry inner = repository.file("f", "1");
    for (std::size_t i = 0; i < depth; ++i) inner = repository.directory("d", {inner});
    repository.publish_tree({inner});
    const Codes codes = attack(repository);
    if (depth > 4096)
      CHECK_MESSAGE(others(codes, {"status", "ls", "du", "find", "export", "out", "checkout", "fsck"}, 6).empty(), fmt::format("{}", codes));
  }
}

TEST_CASE("a directory of a million entries, whose last one is as it should be, or climbs") {
  // Words that print or write a line, a member or a file for each take as long as that takes.
  const WordsLeftOut left_out = {"json", "export", "out", "checkout", "restore", "again", "merge"};
  HostileRepository good;
  good.publish_tree(good.wide_tree(1'000'000, good.file("g", "1\n")));
  Codes codes = attack(good, left_out);
  CHECK_MESSAGE(others(codes, {"log", "show", "ls", "status", "diff", "du", "stats", "find", "manifest", "inspect", "fsck", "data", "rechunk",
                               "repack"}, 0).empty(), fmt::format("{}", codes));

  HostileRepository bad;
  bad.publish_tree(bad.wide_tree(1'000'000, bad.file("g/../../outside/x", "1\n")));
  codes = attack(bad, {"export", "restore"});
  CHECK_MESSAGE(others(codes, {"ls", "json", "diff", "du", "stats", "find", "manifest", "verify", "out", "fsck", "data", "checkout", "rechunk"}, 6)
                    .empty(), fmt::format("{}", codes));
  CHECK(!bad.scratch().exists("out"));
  CHECK(!bad.scratch().exists("work/f0000000"));
}

TEST_CASE("one directory named ten times on each of thirty levels") {
  for (const std::string content : {"", "content"}) {
    CAPTURE(content);
    HostileRepository repository;
    std::vector<RawEntry> entries{repository.file("f", content)};
    for (int level = 0; level < 30; ++level) {
      const RawEntry below = repository.directory("d", entries);
      entries.clear();
      for (int i = 0; i < 10; ++i) {
        entries.push_back(below);
        entries.back().name += std::to_string(i);
      }
    }
    repository.publish_tree(entries);
    const Codes codes = attack(repository);
    CHECK_MESSAGE(others(codes, {"ls", "json", "diff", "find", "manifest", "verify", "export", "out", "checkout", "restore"}, 6).empty(),
                  fmt::format("{}", codes));
  }
}
