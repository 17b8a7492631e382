#include "ops/streams.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

IndexEntry file_at(const std::string& path, std::uint64_t size = 1) {
  IndexEntry entry;
  entry.path = path;
  entry.mode = 0644;
  entry.size = size;
  return entry;
}

StreamInput text_at(const std::string& path, std::string text) {
  return {.kind = StreamInput::Kind::file,
          .path = path,
          .shown = path,
          .open = [text = std::move(text)] {
            const ByteView bytes = as_bytes(text);
            return std::make_unique<BytesSource>(Bytes(bytes.begin(), bytes.end()));
          }};
}

class BrokenSource final : public ByteSource {
 public:
  std::size_t read(MutableByteView out) override {
    if (left_ < out.size()) throw Error(ErrorKind::system, "broken");
    left_ -= out.size();
    std::fill(out.begin(), out.end(), std::byte{7});
    return out.size();
  }

 private:
  std::size_t left_ = 300'000;
};

std::pair<ObjectId, std::uint64_t> identity(const std::optional<IndexEntry>& entry) {
  REQUIRE(entry);
  return {entry->id, entry->size};
}

}  // namespace

TEST_CASE("entries come back in path order, the last of a path, however many there are") {
  WorkFixture fixture;
  const Workspace workspace = fixture.open();
  const Session session = Session::open(workspace.repository(), "test", {});
  EntrySorter sorter(workspace.repository().fs(), session);
  CHECK(sorter.empty());
  std::set<std::string, PathLess> expected;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    const std::string path = fmt::format("{}-{}", i * 7919 % 101, i * 104729 % 40'000);
    sorter.put(file_at(path, i));
    expected.insert(path);
  }
  sorter.put(file_at("0-0", 12345));
  CHECK(sorter.find("0-0")->size == 12345);
  std::vector<std::string> found;
  sorter.visit([&](const IndexEntry& entry) { found.push_back(entry.path); });
  CHECK((found == std::vector<std::string>(expected.begin(), expected.end())));
}

TEST_CASE("what lies below a path that became a file is left out") {
  WorkFixture fixture;
  const Workspace workspace = fixture.open();
  const Session session = Session::open(workspace.repository(), "test", {});
  EntrySorter sorter(workspace.repository().fs(), session);
  for (const char* path : {"a/b", "a/c/d", "a", "ab", "a.b"}) sorter.put(file_at(path));
  std::vector<std::string> found;
  sorter.visit([&](const IndexEntry& entry) { found.push_back(entry.path); });
  CHECK(found == std::vector<std::string>{"a", "a.b", "ab"});
}

TEST_CASE("a stream has the ids of a file with its bytes, at every size, window and thread count") {
  for (const unsigned threads : {1u, 3u})
    for (const std::uint64_t window : {std::uint64_t{1000}, std::uint64_t{4096}, std::uint64_t{1} << 20}) {
      CAPTURE(threads);
      CAPTURE(window);
      WorkFixture fixture;
      fixture.settings.performance.max_worker_threads = threads;
      fixture.settings.performance.buffer_size = window;
      AddOptions options;
      std::vector<std::string> names;
      for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 8191u, 8192u, 8193u, 12288u, 50'000u, 200'000u})
        for (const bool zeros : {false, true}) {
          const std::string content = zeros ? std::string(size, '\0') : noise(size, size);
          const std::string name = fmt::format("{}-{}", size, zeros);
          fixture.write("file-" + name, content);
          options.streams.push_back(text_at("stream-" + name, content));
          names.push_back(name);
        }
      CHECK(fixture.add(options).totals.files == names.size());
      CHECK(fixture.add_paths({""}).totals.new_chunks == 0);
      for (const std::string& name : names)
        CHECK(identity(fixture.staged("stream-" + name)) == identity(fixture.staged("file-" + name)));
    }
}

TEST_CASE("bytes of a stream are counted as they come, once") {
  /// A byte, then a look at what is counted, then the rest in odd pieces.
  class SlowSource final : public ByteSource {
   public:
    SlowSource(std::size_t left, const Progress& progress) : left_(left), progress_(progress) {}
    std::size_t read(MutableByteView out) override {
      CHECK(progress_.bytes_done == given_);
      const std::size_t got = given_ == 0 ? 1 : std::min({out.size(), left_ - given_, std::size_t{777}});
      std::fill_n(out.begin(), got, std::byte{'s'});
      given_ += got;
      return got;
    }

   private:
    const std::size_t left_;
    const Progress& progress_;
    std::size_t given_ = 0;
  };
  for (const std::size_t size : {10u, 4096u, 4097u, 50'000u}) {
    CAPTURE(size);
    WorkFixture fixture;
    Progress progress;
    fixture.env.progress = &progress;
    AddOptions options;
    options.streams = {{.path = "slow", .shown = "slow", .open = [&] { return std::make_unique<SlowSource>(size, progress); }}};
    CHECK(fixture.add(options).totals.bytes == size);
    CHECK(progress.bytes_done == size);
  }
}

TEST_CASE("a stream that breaks leaves the index alone, and says which it was") {
  WorkFixture fixture;
  fixture.write("a", "a");
  AddOptions options;
  options.paths = {"a"};
  options.streams = {text_at("fine", "fine"),
                     {.path = "broken", .shown = "broken", .open = [] { return std::make_unique<BrokenSource>(); }},
                     text_at("later", "later")};
  const AddResult result = fixture.add(options);
  CHECK(!result.staged);
  REQUIRE(result.failed.size() == 1);
  CHECK(result.failed[0].path == "broken");
  CHECK(result.failed[0].message == "broken");
  for (const char* path : {"a", "fine", "broken", "later"}) CHECK(!fixture.staged(path));
}

TEST_CASE("a stream takes the place of a tracked directory that is gone from disk, and the reverse") {
  WorkFixture fixture;
  fixture.write("d/e/f", "f");
  fixture.write("g", "g");
  fixture.snapshot();
  fixture.remove("d");
  fixture.remove("g");
  AddOptions options;
  options.streams = {text_at("d", "now a file"), text_at("g/h", "now a directory")};
  CHECK(fixture.add(options).staged);
  CHECK(fixture.staged("d")->kind == EntryKind::file);
  CHECK(!fixture.staged("d/e"));
  CHECK(!fixture.staged("d/e/f"));
  CHECK(fixture.staged("g")->kind == EntryKind::directory);
  CHECK(fixture.staged("g")->streamed);
  fixture.commit("streams");
  CHECK(lines_of(fixture.status()).empty());
  CHECK(fixture.fsck().problems.empty());
}

TEST_CASE("a directory that is gone stays tracked while something streamed is in it") {
  WorkFixture fixture;
  for (const char* path : {"a/x", "b/c/x", "b/c/y", "d/x", "e/x"}) fixture.write(path, path);
  AddOptions options;
  options.streams = {text_at("b/c/streamed", "1"), text_at("d/deep/streamed", "2")};
  fixture.add(options);
  fixture.add_paths({""});
  for (const char* path : {"a", "b", "d", "e"}) fixture.remove(path);
  fixture.add_all();
  for (const char* path : {"b", "b/c", "b/c/streamed", "d", "d/deep", "d/deep/streamed"}) CHECK(fixture.staged(path));
  for (const char* path : {"a", "b/c/x", "b/c/y", "d/x", "e"}) CHECK(!fixture.staged(path));
  fixture.commit();
  CHECK(fixture.fsck().problems.empty());
}
