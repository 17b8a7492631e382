#include "ops/save.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "base/error.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// A folder beside a working tree, to be saved to its repository.
class SaveFixture : public WorkFixture {
 public:
  SaveFixture() {
    for (int i = 0; i < 20; ++i) put(fmt::format("d{}/f{}", i % 3, i), noise(static_cast<std::size_t>(i * 900), static_cast<std::uint64_t>(i)));
    put("large", noise(100'000, 99));
    scratch().make_directory("source/empty");
    settle();
  }
  std::string source() const { return scratch().path("source"); }
  void put(const std::string& name, std::string_view content) const { scratch().write("source/" + name, content); }

  SaveOptions options(const std::string& branch = "b") const {
    SaveOptions options;
    options.path = source();
    options.branch = branch;
    options.commit.message = "saved";
    return options;
  }
  CommitResult save(const SaveOptions& options) const {
    Workspace workspace = open();
    return store::save(workspace, options);
  }
  std::size_t remembered() const {
    const std::filesystem::directory_iterator folders(repository_path() + "/saves");
    return static_cast<std::size_t>(std::distance(begin(folders), end(folders)));
  }
};

}  // namespace

TEST_CASE("a saved folder has the tree that add and commit give the same content, and the second save the same again") {
  SaveFixture fixture;
  const CommitResult first = fixture.save(fixture.options());
  CHECK(first.committed);
  CHECK(first.root);
  CHECK(first.totals.files == 21);
  CHECK(first.totals.cache_misses == 21);
  std::filesystem::copy(fixture.source(), fixture.path(), std::filesystem::copy_options::recursive);
  CHECK(fixture.snapshot().tree == first.tree);
  const CommitResult second = fixture.save(fixture.options());
  CHECK(second.tree == first.tree);
  CHECK(second.parents == std::vector{first.id});
  CHECK(second.totals.cache_hits == 21);
  CHECK(second.totals.cache_misses == 0);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("what is remembered makes no difference to the tree, whatever happened since") {
  SaveFixture fixture;
  fixture.save(fixture.options());
  const auto same_as_fresh = [&](const SaveOptions& options) {
    const CommitResult quick = fixture.save(options);
    std::filesystem::remove_all(fixture.repository_path() + "/saves");
    const CommitResult fresh = fixture.save(options);
    CHECK(quick.tree == fresh.tree);
    return quick.tree;
  };
  fixture.put("d0/f0", "other");
  fixture.put("d9/new", "new");
  fixture.scratch().remove("source/d1");
  same_as_fresh(fixture.options());
  fixture.put("d2/.storeignore", "*\n!/.storeignore\n");
  same_as_fresh(fixture.options());
  SaveOptions excluding = fixture.options();
  excluding.add.exclude = {"f*", "empty/"};
  const ObjectId excluded = same_as_fresh(excluding);
  CHECK(same_as_fresh(fixture.options()) != excluded);
  fixture.scratch().remove("source/d0");
  fixture.put("d0", "a file now");
  same_as_fresh(fixture.options());
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("an unchanged tree is skipped by its id") {
  SaveFixture fixture;
  const CommitResult first = fixture.save(fixture.options());
  SaveOptions options = fixture.options();
  options.commit.skip_if_unchanged = true;
  const CommitResult skipped = fixture.save(options);
  CHECK(!skipped.committed);
  CHECK(skipped.id == first.id);
  CHECK(skipped.totals.stored_bytes == 0);
  fixture.put("new", "new");
  CHECK(fixture.save(options).committed);
}

TEST_CASE("a tag is made with the commit, or nothing is") {
  SaveFixture fixture;
  SaveOptions options = fixture.options();
  options.tag = "v1";
  const CommitResult first = fixture.save(options);
  CHECK(fixture.open().refs().read("refs/tags/v1")->id == first.id);
  CHECK_THROWS_AS(fixture.save(options), Error);
  CHECK(fixture.open().refs().read("refs/heads/b")->id == first.id);
}

TEST_CASE("a branch that is checked out, also one without commits, is refused") {
  SaveFixture fixture;
  for (int round = 0; round < 2; ++round) {
    try {
      fixture.save(fixture.options("main"));
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::conflict);
    }
    fixture.write("f", "f");
    fixture.snapshot();
  }
}

TEST_CASE("only so many paths are remembered, and temporary indexes go") {
  SaveFixture fixture;
  for (int i = 0; i < 70; ++i) {
    fixture.scratch().write(fmt::format("many/{}/f", i), fmt::format("{}", i));
    SaveOptions options = fixture.options();
    options.path = fixture.scratch().path(fmt::format("many/{}", i));
    fixture.save(options);
    // As within one tick of the clock, or after it was put back: the index in use is not what is chosen to go.
    for (const auto& folder : std::filesystem::directory_iterator(fixture.repository_path() + "/saves"))
      std::filesystem::last_write_time(folder.path() / "path", std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  }
  CHECK(fixture.remembered() == 64);
  SaveOptions options = fixture.options();
  options.path.clear();
  options.add.streams = {{.path = "s", .shown = "s", .open = [] { return std::make_unique<BytesSource>(Bytes(5)); }}};
  CHECK(fixture.save(options).totals.files == 1);
  CHECK(fixture.remembered() == 64);
}
