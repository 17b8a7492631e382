// Commits, attributes and messages with right ids around bad content.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "format/attributes.h"
#include "hash/sha256.h"
#include "support/attack.h"

using namespace store;
using namespace store::test;

namespace {

const std::string k_author = "author A <a@b>\ntime 1 +0000\n";

/// Publishes a commit of this text over a good tree; all who read it say that it is damaged.
void check_refused(const std::function<std::string(HostileRepository&, const std::string& tree)>& text) {
  HostileRepository repository;
  const std::string tree = repository.tree({repository.file("f", "1\n")}).hex();
  repository.publish(repository.commit_text(text(repository, tree)));
  const Codes codes = attack(repository);
  const std::vector<std::string> readers = {"log",  "graph", "show", "ls",       "diff",  "du",      "stats", "find", "manifest", "cat", "export",
                                            "out",  "fsck",  "data", "checkout", "again", "rechunk", "merge"};
  CHECK_MESSAGE(others(codes, readers, 6).empty(), fmt::format("{}", codes));
}

/// A root object whose directory has these entries, one for each of the tree's.
std::string attributes_line(HostileRepository& repository, const std::vector<Bytes>& entries) {
  const ObjectId node = repository.node(ObjectType::attributes, {.count = entries.size(), .entries = entries});
  Attributes root;
  root.directory = node;
  root.mode = 0755;
  return "attributes " + repository.node(ObjectType::attributes, {.count = 1, .entries = {encode_attributes(root)}}).hex() + "\n";
}

/// A hard link's entry, whatever path it names.
Bytes link_entry(const std::string& path) {
  Bytes bytes;
  bytes.reserve(4 + path.size());
  ByteWriter out(bytes);
  out.u8(4);
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(path.size()));
  out.raw(path);
  return bytes;
}

}  // namespace

TEST_CASE("commits of every wrong form") {
  check_refused([](auto&, auto&) { return std::string(); });
  check_refused([](auto&, auto&) { return k_author + "\nno tree"; });
  check_refused([](auto&, const std::string& tree) { return "tree " + tree + "\n"; });
  check_refused([](auto&, const std::string& tree) { return "tree " + tree + "\nauthor A <a@b>\n\nno time"; });
  check_refused([](auto&, const std::string& tree) { return "tree " + tree + "\nauthor A <a@b>\ntime 99999999999999999999 +0000\n\n"; });
  check_refused([](auto&, const std::string& tree) { return "tree " + tree + "\nauthor A <a@b>\ntime 1 +9999\n\n"; });
  check_refused([](auto&, const std::string& tree) { return "tree " + tree + "\nauthor A\x1b[2J <a@b>\ntime 1 +0000\n\n"; });
  check_refused([](auto&, const std::string& tree) { return "tree " + tree + "\nnothing known\n" + k_author + "\n"; });
  check_refused([](auto&, const std::string& tree) { return "tree " + tree + "\ntree " + tree + "\n" + k_author + "\n"; });
  check_refused([](auto&, const std::string& tree) {
    return "tree " + tree + "\n" + k_author + "\n" + std::string(2 << 20, 'x');  // longer than any commit
  });
  check_refused([](HostileRepository& repository, const std::string& tree) {
    const std::string parent = "parent " + repository.commit_of(*ObjectId::from_hex(tree)).hex() + "\n";
    return "tree " + tree + "\n" + parent + parent + k_author + "\n";
  });
  check_refused([](auto&, const std::string& tree) {
    std::string text = "tree " + tree + "\n";
    // As many as an object has room for. A million would take 72 MB, and a block that says it holds so much is refused unread.
    for (std::uint32_t i = 0; text.size() + 1000 < k_max_object_size; ++i) text += "parent " + sha256(as_bytes(std::to_string(i))).hex() + "\n";
    return text + k_author + "\n";
  });
}

TEST_CASE("a tree or a parent that is not there, or is no such thing") {
  HostileRepository no_tree;
  no_tree.publish(no_tree.commit_of(sha256(as_bytes("nowhere"))));
  Codes codes = attack(no_tree);
  CHECK_MESSAGE(others(codes, k_tree_words, 6).empty(), fmt::format("{}", codes));

  HostileRepository no_parent;
  no_parent.publish(no_parent.commit_of(no_parent.tree({no_parent.file("f", "1\n")}), {sha256(as_bytes("nowhere"))}));
  codes = attack(no_parent);
  CHECK_MESSAGE(others(codes, {"log", "graph", "fsck", "data", "again"}, 6).empty(), fmt::format("{}", codes));

  HostileRepository tree_as_parent;
  const ObjectId tree = tree_as_parent.tree({tree_as_parent.file("f", "1\n")});
  tree_as_parent.publish(tree_as_parent.commit_of(tree, {tree}));
  codes = attack(tree_as_parent);
  CHECK_MESSAGE(others(codes, {"log", "graph", "fsck", "data", "again"}, 6).empty(), fmt::format("{}", codes));
}

TEST_CASE("a million ways to parents: commits with as many as there may be, each with the same ones") {
  HostileRepository repository;
  const ObjectId tree = repository.tree({repository.file("f", "1\n")});
  std::vector<ObjectId> parents;
  for (int generation = 0; generation < 250; ++generation) {
    std::vector<ObjectId> next;
    for (std::size_t i = 0; i < k_max_parents; ++i) {
      Commit commit;
      commit.tree = tree;
      commit.parents = parents;
      commit.author = {"A U Thor", "author@example.com"};
      commit.time = {static_cast<std::int64_t>(i), 0};
      next.push_back(repository.commit_text(encode_commit(commit)));
    }
    parents = std::move(next);
  }
  repository.publish(repository.commit_of(tree, parents));
  // A graph of it is larger than any output may be here, and 16,001 commits are no minute's work to write anew.
  const Codes codes = attack(repository, {"graph", "rechunk"});
  CHECK_MESSAGE(others(codes, {"log", "show", "find", "stats", "du", "export", "out", "fsck", "data", "checkout", "again", "repack"}, 0).empty(),
                fmt::format("{}", codes));
  CHECK(codes.at("merge") == 7);  // after all of both histories: they have nothing in common
}

TEST_CASE("a forged cycle of parents, and a directory in itself: what has not the id that it lies under is refused") {
  const ObjectId one = sha256(as_bytes("one")), other = sha256(as_bytes("other"));
  HostileRepository parents;
  const ObjectId tree = parents.tree({parents.file("f", "1\n")});
  parents.commit_of(tree, {other});
  parents.forge(one);
  parents.commit_of(tree, {one});
  parents.forge(other);
  parents.publish(one);
  Codes codes = attack(parents);
  CHECK_MESSAGE(others(codes, {"log", "graph", "show", "ls", "du", "stats", "find", "export", "out", "fsck", "data", "checkout", "again", "rechunk",
                               "merge"}, 6).empty(), fmt::format("{}", codes));  // repack leaves damaged packs as they are

  HostileRepository directory;
  directory.tree({{.kind = 3, .mode = 0755, .size = 0, .name = "d", .id = one}});
  directory.forge(one);
  directory.publish_tree(one);
  codes = attack(directory);
  CHECK_MESSAGE(others(codes, k_tree_words, 6).empty(), fmt::format("{}", codes));
  CHECK_MESSAGE(others(codes, {"stats", "du", "rechunk"}, 6).empty(), fmt::format("{}", codes));
}

TEST_CASE("a history of 2^200 ways is walked once") {
  HostileRepository repository;
  const ObjectId tree = repository.tree({repository.file("f", "1\n")});
  ObjectId left = repository.commit_of(tree);
  ObjectId right = repository.commit_of(repository.tree({}));
  for (int i = 0; i < 200; ++i) {
    const ObjectId next = repository.commit_of(tree, {left, right});
    right = repository.commit_of(tree, {right, left});
    left = next;
  }
  repository.publish(left);
  const Codes codes = attack(repository);
  CHECK_MESSAGE(others(codes, {"log", "graph", "show", "find", "stats", "du", "out", "fsck", "data", "checkout", "again", "rechunk",
                               "repack"}, 0).empty(),
                fmt::format("{}", codes));
  CHECK(codes.at("merge") == 7);  // they have no common ancestor
}

TEST_CASE("what a terminal obeys, in names, messages, authors and meta") {
  HostileRepository repository;
  const std::string evil = "\x1b]0;owned\x07\x1b[2J\r\b\x7f\xc2\x9b" "31m\xff";
  const ObjectId tree = repository.tree({repository.directory("d" + evil, {repository.file("g" + evil, evil)}),
                                         repository.file("e" + evil, "1\n"), repository.file("f", "2\n"),
                                         repository.link("l" + evil, evil)});
  Commit commit;
  commit.tree = tree;
  commit.author = {evil, evil};
  commit.time = {1, 0};
  commit.meta = {{"key", evil}};
  commit.message = "subject " + evil + "\n\nbody " + evil;
  repository.publish(repository.commit_text(encode_commit(commit)));
  const Codes codes = attack(repository);
  CHECK_MESSAGE(others(codes, {"log", "graph", "show", "ls", "json", "status", "du", "find", "manifest", "export", "out", "fsck", "data",
                               "checkout", "restore"}, 0).empty(), fmt::format("{}", codes));
}

TEST_CASE("hard links to what is outside, to links and directories, to nothing and to themselves") {
  const std::string targets[] = {"../outside/precious", "/etc/passwd", "a/../../outside/precious", "..", "",  "./f",
                                 "link/precious",       "d",           "nowhere",                  "f",  ".", ".store/config",
                                 "z",                   "link",        std::string("e\0x", 3)};
  for (const std::string& target : targets) {
    CAPTURE(target);
    HostileRepository repository;
    const ObjectId tree = repository.tree({repository.directory("d", {}), repository.file("e", "2\n"), repository.file("f", "1\n"),
                                           repository.link("link", "../outside"), repository.file("z", "1\n")});
    Attributes plain, directory;
    directory.directory = repository.node(ObjectType::attributes, {});
    const std::string line = attributes_line(repository, {encode_attributes(directory), encode_attributes(plain), link_entry(target),
                                                          encode_attributes(plain), encode_attributes(plain)});
    repository.publish(repository.commit_text("tree " + tree.hex() + "\n" + line + k_author + "\n"));
    const Codes codes = attack(repository);  // also that nothing outside has another link afterwards
    CHECK_MESSAGE(codes.at("ls") == 0, fmt::format("{}", codes));
  }
}

TEST_CASE("attributes that do not fit their tree, of every wrong form") {
  const auto with = [](const auto& make) {
    HostileRepository repository;
    const ObjectId tree = repository.tree({repository.file("f", "1\n"), repository.file("g", "2\n")});
    repository.publish(repository.commit_text("tree " + tree.hex() + "\n" + make(repository) + k_author + "\n"));
    const Codes codes = attack(repository);
    CHECK_MESSAGE(others(codes, {"fsck", "data"}, 6).empty(), fmt::format("{}", codes));
    CHECK_MESSAGE(others(codes, {"graph", "ls", "cat"}, 0).empty(), fmt::format("{}", codes));
  };
  const Bytes plain = encode_attributes({});
  with([&](HostileRepository& repository) { return attributes_line(repository, {plain}); });
  with([&](HostileRepository& repository) { return attributes_line(repository, {plain, plain, plain}); });
  with([&](HostileRepository& repository) { return attributes_line(repository, {plain, {std::byte{0xff}, std::byte{0xff}}}); });
  with([&](HostileRepository& repository) { return attributes_line(repository, {plain, Bytes(17'000, std::byte{8})}); });
  with([&](HostileRepository&) { return "attributes " + sha256(as_bytes("nowhere")).hex() + "\n"; });
  with([&](HostileRepository& repository) {
    return "attributes " + repository.node(ObjectType::attributes, {.count = 2, .entries = {plain, plain}}).hex() + "\n";
  });
  // A root whose directory is the root itself cannot be; one that is another root can.
  with([&](HostileRepository& repository) {
    Attributes root;
    root.mode = 0755;
    root.directory = repository.node(ObjectType::attributes, {.count = 1, .entries = {plain}});
    root.directory = repository.node(ObjectType::attributes, {.count = 1, .entries = {encode_attributes(root)}});
    return "attributes " + repository.node(ObjectType::attributes, {.count = 1, .entries = {encode_attributes(root)}}).hex() + "\n";
  });
}
