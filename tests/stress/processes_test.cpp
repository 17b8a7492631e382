// Several processes on one repository at once: adders, committers and readers, some of them killed.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <set>
#include <vector>

#include "base/error.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

constexpr int k_writers = 3;
constexpr int k_readers = 2;
constexpr int k_rounds = 25;

std::string file_of(int writer, int round) { return fmt::format("w{}/f{}", writer, round); }

std::string content_of(int writer, int round) {
  return noise(round % 5 == 0 ? 40'000 : 700, static_cast<std::uint64_t>(writer * 1000 + round));
}

/// Environment of a process: it waits for locks as a user's would.
Environment environment(const WorkFixture& fixture, const std::string& command) {
  Environment env = fixture.env;
  env.command = command;
  env.lock_timeout_ms = 60'000;
  return env;
}

Workspace open(const WorkFixture& fixture, const std::string& command) {
  return {environment(fixture, command), fixture.settings, fixture.repository_path()};
}

/// Adds files of its own and commits after each; the message names the file.
void write_rounds(const WorkFixture& fixture, int writer) {
  for (int round = 0; round < k_rounds; ++round) {
    const std::string name = file_of(writer, round);
    fixture.write(name, content_of(writer, round));
    AddOptions add;
    add.paths = {name};
    Workspace adding = open(fixture, fmt::format("add {}", name));
    store::add(adding, add);
    CommitOptions options;
    options.message = name;
    options.allow_empty = true;  // another writer's commit may have taken the file along
    Workspace committing = open(fixture, fmt::format("commit {}", name));
    store::commit(committing, options);
  }
}

/// Reads everything below a tree.
std::size_t read_tree(const ObjectReader& objects, const ObjectId& tree) {
  std::size_t files = 0;
  const Bytes bytes = objects.read({ObjectType::tree, tree});
  const Node node = decode_checked_node({ObjectType::tree, tree}, bytes);
  for (const ByteView encoded : node.entries) {
    if (node.level != 0) {
      files += read_tree(objects, decode_upper_entry(ObjectType::tree, encoded).id);
      continue;
    }
    const TreeEntry entry = decode_tree_entry(encoded);
    if (entry.kind == EntryKind::directory) files += read_tree(objects, entry.id);
    else if (const std::optional<ObjectKey> key = object_of(entry.kind, entry.size, entry.id)) objects.read(*key);
    files += is_regular(entry.kind);
  }
  return files;
}

/// Reads the newest commit again and again; what it names must be there, and files never get fewer.
void read_for_ever(const WorkFixture& fixture) {
  std::size_t files = 0;
  for (;;) {
    const Workspace workspace = open(fixture, "read");
    const Lock lock = enter_repository(workspace.repository().locks(), workspace.lock_wait());
    const std::optional<ObjectId> head = workspace.refs().head().commit;
    if (!head) continue;
    const Commit commit = decode_commit(as_text(workspace.objects().read({ObjectType::commit, *head})));
    const std::size_t now = read_tree(workspace.objects(), commit.tree);
    if (now < files) ::_exit(4);
    files = now;
  }
}

void check_everything_is_there(const WorkFixture& fixture) {
  const Workspace workspace = fixture.open();
  std::set<std::string> messages;
  std::optional<ObjectId> at = workspace.refs().head().commit;
  while (at) {
    const Commit commit = decode_commit(as_text(workspace.objects().read({ObjectType::commit, *at})));
    messages.insert(commit.message);
    at.reset();
    if (!commit.parents.empty()) at = commit.parents.front();
  }
  for (int writer = 0; writer < k_writers; ++writer)
    for (int round = 0; round < k_rounds; ++round) {
      CAPTURE(file_of(writer, round));
      CHECK(messages.contains(file_of(writer, round)));
      const std::optional<IndexEntry> entry = fixture.staged(file_of(writer, round));
      REQUIRE(entry);
      CHECK(entry->size == content_of(writer, round).size());
    }
  CHECK(lines_of(fixture.status()).empty());
  CHECK(describe(fixture.fsck()) == "");
}

using Children = std::vector<std::unique_ptr<ChildProcess>>;

}  // namespace

TEST_CASE("adders, committers and readers at once: nothing is lost, nobody fails") {
  WorkFixture fixture;
  Children readers;
  Children writers;
  for (int i = 0; i < k_readers; ++i)
    readers.push_back(std::make_unique<ChildProcess>([&] { read_for_ever(fixture); }));
  for (int i = 0; i < k_writers; ++i)
    writers.push_back(std::make_unique<ChildProcess>([&, i] { write_rounds(fixture, i); }));
  for (const auto& writer : writers) CHECK(writer->succeeds());
  for (const auto& reader : readers) {
    ::kill(reader->pid(), SIGKILL);
    // One that met damage, or fewer files than before, has gone by itself.
    const int status = reader->wait();
    CHECK(WIFSIGNALED(status));
  }
  check_everything_is_there(fixture);
  CHECK(fixture.packs().size() <= 32);
}

TEST_CASE("writers that are killed at random are taken over by the others") {
  WorkFixture fixture;
  testing::SplitMix64 random(7);
  for (int round = 0; round < 12; ++round) {
    Children children;
    for (int i = 0; i < k_writers; ++i)
      children.push_back(std::make_unique<ChildProcess>([&, i] { write_rounds(fixture, i); }));
    ::usleep(static_cast<useconds_t>(random.between(500, 30'000)));
    for (const auto& child : children) child->kill();
    const FsckResult result = fixture.fsck(FsckOptions::Mode::quick);
    for (const FsckProblem& problem : result.problems)
      CHECK_MESSAGE((problem.kind == "index" || problem.kind == "catalog"), problem.kind << ": " << problem.message);
  }
  for (int i = 0; i < k_writers; ++i) write_rounds(fixture, i);
  check_everything_is_there(fixture);
}

TEST_CASE("adders of the same content at once store it, and every one of them can rely on it") {
  WorkFixture fixture;
  constexpr int k_files = 30;
  for (int i = 0; i < k_files; ++i) fixture.write(fmt::format("f{}", i), noise(10'000, static_cast<std::uint64_t>(i)));
  fixture.settle();
  Children children;
  for (int i = 0; i < k_writers; ++i)
    children.push_back(std::make_unique<ChildProcess>([&] {
      Workspace workspace = open(fixture, "add");
      AddOptions options;
      options.all = true;
      if (store::add(workspace, options).totals.files != k_files) ::_exit(5);
    }));
  for (const auto& child : children) CHECK(child->succeeds());
  CHECK(fixture.commit().totals.files == k_files);
  CHECK(describe(fixture.fsck()) == "");
}
