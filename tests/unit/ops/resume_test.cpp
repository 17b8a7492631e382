#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "repo/session.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// Files of many sizes; enough of them that blocks are written before the end.
void write_files(const WorkFixture& fixture, int files = 120) {
  for (int i = 0; i < files; ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    const std::size_t size = i % 10 == 0 ? 700'000 : 500 + static_cast<std::size_t>(i) * 37;
    fixture.write(fmt::format("d{}/f{:04}", i % 9, i), noise(size, n));
  }
}

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory))
    if (file.is_regular_file()) bytes += file.file_size();
  return bytes;
}

std::size_t sessions_left(const WorkFixture& fixture) {
  const std::filesystem::directory_iterator all(fixture.repository_path() + "/sessions");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// How often an add of everything writes to a file.
std::uint64_t writes_of_an_add(WorkFixture& fixture) {
  FaultFileSystem counting(unsynced_file_system());
  fixture.env.fs = &counting;
  fixture.add_all();
  fixture.env.fs = &unsynced_file_system();
  return counting.count(FileCall::pwrite);
}

/// An add in a process of its own that is killed at its nth write of a file.
void killed_add(const WorkFixture& fixture, std::uint64_t nth) {
  ChildProcess child([&] {
    FaultFileSystem killing(unsynced_file_system());
    killing.arm({.call = FileCall::pwrite, .nth = nth, .action = FaultAction::kill});
    Environment env = fixture.env;
    env.fs = &killing;
    Workspace workspace(env, fixture.settings, fixture.repository_path());
    AddOptions options;
    options.all = true;
    store::add(workspace, options);
  });
  child.wait();
}

struct Uninterrupted {
  explicit Uninterrupted(int files = 120) {
    WorkFixture fixture;
    write_files(fixture, files);
    fixture.settle();
    const AddResult added = fixture.add_all();
    totals = added.totals;
    commit = fixture.commit();
    fixture.start_over();
    writes = writes_of_an_add(fixture);
  }
  std::uint64_t writes = 0;
  IngestTotals totals;
  CommitResult commit;
};

}  // namespace

TEST_CASE("an add that was killed anywhere is resumed: nothing is stored twice, and ids are the same") {
  const Uninterrupted expected;
  std::size_t resumed_something = 0;
  for (std::uint64_t nth = 1; nth <= expected.writes; nth += 4) {
    CAPTURE(nth);
    WorkFixture fixture;
    write_files(fixture);
    fixture.settle();
    killed_add(fixture, nth);
    const AddResult rest = fixture.add_all();
    CHECK(rest.failed.empty());
    CHECK(rest.totals.files == expected.totals.files);
    CHECK(rest.totals.bytes == expected.totals.bytes);
    CHECK(rest.totals.chunks == expected.totals.chunks);
    CHECK(rest.totals.cache_hits + rest.totals.cache_misses == rest.totals.files);
    resumed_something += rest.totals.cache_hits != 0;
    CHECK(sessions_left(fixture) == 0);
    // What the two runs stored together is what one run stores, but for the footer and block headers of a second pack.
    CHECK(bytes_below(fixture.path(".store/packs")) <= expected.totals.stored_bytes + 64 * 1024);
    const CommitResult commit = fixture.commit();
    CHECK(commit.id == expected.commit.id);
    CHECK(commit.totals.new_chunks == expected.commit.totals.new_chunks);
    CHECK(commit.totals.new_bytes == expected.commit.totals.new_bytes);
    CHECK(describe(fixture.fsck()) == "");
  }
  CHECK(resumed_something > 0);
}

TEST_CASE("an add that is killed again and again gets on") {
  const Uninterrupted expected;
  WorkFixture fixture;
  write_files(fixture);
  fixture.settle();
  for (std::uint64_t run = 1; run < 6; ++run) killed_add(fixture, expected.writes / 3 + run);
  const AddResult rest = fixture.add_all();
  CHECK(rest.totals.cache_hits > 0);
  CHECK(rest.totals.files == expected.totals.files);
  CHECK(bytes_below(fixture.path(".store/packs")) <= expected.totals.stored_bytes + 256 * 1024);
  const CommitResult commit = fixture.commit();
  CHECK(commit.id == expected.commit.id);
  CHECK(commit.totals.new_bytes == expected.commit.totals.new_bytes);
  CHECK(sessions_left(fixture) == 0);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("a large file is resumed inside: what was stored of it is not read again") {
  constexpr std::size_t k_size = 24u << 20;
  const std::string content = noise(k_size, 5);
  WorkFixture whole;
  whole.write("large", content);
  whole.settle();
  const std::uint64_t writes = writes_of_an_add(whole);
  const ObjectId id = whole.staged("large")->id;
  const CommitResult expected = whole.commit();

  WorkFixture fixture;
  fixture.write("large", content);
  fixture.settle();
  killed_add(fixture, writes * 4 / 5);
  Progress progress;
  fixture.env.progress = &progress;
  const AddResult rest = fixture.add_all();
  fixture.env.progress = nullptr;
  CHECK(progress.bytes_done.load() == k_size);
  CHECK(progress.chunks_done.load() == rest.totals.chunks);
  CHECK(rest.totals.bytes == k_size);
  CHECK(rest.totals.streamed_bytes + rest.totals.mapped_bytes < k_size * 3 / 4);
  CHECK(rest.totals.streamed_bytes + rest.totals.mapped_bytes > 0);
  const std::optional<IndexEntry> entry = fixture.staged("large");
  CHECK(entry->id == id);
  CHECK(entry->size == k_size);
  CHECK(entry->chunks == whole.staged("large")->chunks);
  CHECK(fixture.commit().id == expected.id);
  CHECK(bytes_below(fixture.path(".store/packs")) <= bytes_below(whole.path(".store/packs")) + (1u << 20));
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("a large file that changed since is read from its start") {
  constexpr std::size_t k_size = 24u << 20;
  WorkFixture fixture;
  fixture.write("large", noise(k_size, 5));
  fixture.settle();
  const std::uint64_t writes = writes_of_an_add(fixture);
  fixture.start_over();
  killed_add(fixture, writes * 4 / 5);
  const std::string other = noise(k_size, 6);
  fixture.write("large", other);
  const AddResult rest = fixture.add_all();
  CHECK(rest.totals.streamed_bytes + rest.totals.mapped_bytes == k_size);
  WorkFixture whole;
  whole.write("large", other);
  whole.add_all();
  CHECK(fixture.staged("large")->id == whole.staged("large")->id);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("a holey large file is resumed inside") {
  std::vector<std::pair<std::uint64_t, std::string>> pieces;
  constexpr std::uint64_t k_step = 1u << 20;
  constexpr std::uint64_t k_pieces = 24;
  for (std::uint64_t i = 0; i < k_pieces; ++i) pieces.emplace_back(i * k_step + 500, noise(600'000, i));
  const auto make = [&](const WorkFixture& fixture) {
    write_sparse(fixture.path("holey"), k_pieces * k_step, pieces);
    fixture.settle();
  };
  WorkFixture whole;
  make(whole);
  const AddResult all = whole.add_all();
  whole.start_over();
  const std::uint64_t writes = writes_of_an_add(whole);
  for (std::uint64_t nth = writes / 3; nth < writes; nth += writes / 7) {
    WorkFixture fixture;
    make(fixture);
    killed_add(fixture, nth);
    const AddResult rest = fixture.add_all();
    CHECK(fixture.staged("holey")->id == whole.staged("holey")->id);
    CHECK(fixture.staged("holey")->chunks == whole.staged("holey")->chunks);
    CHECK(rest.totals.bytes == all.totals.bytes);
    CHECK(describe(fixture.fsck()) == "");
  }
}

TEST_CASE("a failed and a cancelled add stage nothing, and the next one takes over what they stored") {
  const Uninterrupted expected;
  for (const unsigned threads : {1u, 2u}) {
    WorkFixture fixture;
    write_files(fixture);
    fixture.settle();
    CancelToken cancel;
    fixture.env.cancel = &cancel;
    FaultFileSystem counting(unsynced_file_system());
    fixture.env.fs = &counting;
    fixture.settings.performance.max_worker_threads = threads;
    counting.arm({.call = FileCall::pwrite, .nth = expected.writes / 2, .error = EIO});
    CHECK(kind_of([&] { fixture.add_all(); }) == ErrorKind::system);
    CHECK(!fixture.staged("d0"));
    cancel.request(SIGINT);
    CHECK(kind_of([&] { fixture.add_all(); }) == ErrorKind::interrupted);
    CHECK(!fixture.staged("d0"));
    fixture.env.cancel = nullptr;
    const AddResult rest = fixture.add_all();
    CHECK(rest.totals.cache_hits > 0);
    CHECK(fixture.commit().id == expected.commit.id);
    CHECK(sessions_left(fixture) == 0);
  }
}

TEST_CASE("a commit takes over an interrupted add's packs without what it had not staged") {
  WorkFixture fixture;
  write_files(fixture);
  fixture.settle();
  fixture.add_paths({"d1"});
  killed_add(fixture, Uninterrupted().writes / 2);
  const CommitResult commit = fixture.commit();
  CHECK(commit.committed);
  CHECK(commit.totals.files == fixture.add_paths({"d1"}).totals.files);
  CHECK(describe(fixture.fsck()) == "");
  const Uninterrupted expected;
  CHECK(fixture.snapshot().tree == expected.commit.tree);
}

TEST_CASE("a dry run leaves an interrupted add to the next real one") {
  WorkFixture fixture;
  write_files(fixture);
  fixture.settle();
  killed_add(fixture, Uninterrupted().writes / 2);
  AddOptions options;
  options.all = true;
  options.dry_run = true;
  fixture.add(options);
  const AddResult rest = fixture.add_all();
  CHECK(rest.totals.cache_hits > 0);
}
