#include "ops/cat.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "format/pack.h"
#include "ops/revision.h"
#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

namespace {

struct CatFixture : OpsFixture {
  CatFixture() {
    parameters = ChunkParameters::for_average(k_min_chunk_average);
    content = random_text(300'000, 1) + std::string(200'000, '\0') + random_text(50'000, 2);
    tree = put_tree({{"dir/x", file_of("x")},
                     {"empty", file_of("")},
                     {"large", file_of(content)},
                     {"link", link_to("dir/x")},
                     {"small", file_of("0123456789")}});
  }
  std::string read(const std::string& path, const std::optional<RangeRequest>& range = {}) {
    std::string result;
    cat(workspace(), find_in_tree(objects(), tree, path), path, range,
        [&](ByteView bytes) { result += as_text(bytes); });
    return result;
  }
  std::string read(const std::string& path, const char* range) { return read(path, parse_range(range)); }

  std::string content;
  ObjectId tree;
};

}  // namespace

TEST_CASE_FIXTURE(CatFixture, "whole files, links and zeros come out byte for byte") {
  CHECK(read("small") == "0123456789");
  CHECK(read("empty").empty());
  CHECK(read("link") == "dir/x");
  CHECK((read("large") == content));
}

TEST_CASE_FIXTURE(CatFixture, "ranges of a small file") {
  CHECK(read("small", "0-0") == "0");
  CHECK(read("small", "2-4") == "234");
  CHECK(read("small", "7-") == "789");
  CHECK(read("small", "-3") == "789");
  CHECK(read("small", "-99") == "0123456789");
  CHECK(read("small", "5-99999999999999999999999999") == "56789");
  CHECK(kind_of([&] { read("small", "10-"); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { read("small", "-0"); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { read("empty", "0-"); }) == ErrorKind::not_found);
  CHECK(read("empty", "-5").empty());
}

TEST_CASE_FIXTURE(CatFixture, "any range of a large file, with any number of threads") {
  testing::SplitMix64 random(3);
  for (const unsigned threads : {1u, 2u, 8u}) {
    settings.performance.max_worker_threads = threads;
    reopen();
    for (int i = 0; i < 50; ++i) {
      const std::uint64_t first = random.between(0, content.size() - 1);
      const std::uint64_t last = random.between(first, content.size() + 10);
      const std::string expected = content.substr(first, last - first + 1);
      CHECK((read("large", RangeRequest{.first = first, .last = last, .suffix = {}}) == expected));
    }
    CHECK((read("large") == content));
  }
}

TEST_CASE("malformed ranges are refused") {
  for (const char* text : {"", "-", "a-b", "5-3", "1", "1-2,4-5", "1-2-3", "--3", "+1-2", " 1-2", "0x1-"}) {
    CAPTURE(text);
    CHECK(kind_of([&] { parse_range(text); }) == ErrorKind::usage);
  }
}

TEST_CASE_FIXTURE(CatFixture, "a directory has no content, and the hint says what to do") {
  try {
    read("dir");
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.hint() == "store ls");
  }
}

TEST_CASE_FIXTURE(CatFixture, "a range touches only the blocks it needs") {
  tree = put_tree({{"many-blocks", file_of(random_text(std::size_t{3} * k_data_block_size, 4))}});
  reopen();
  read("many-blocks", "0-9");
  const std::uint64_t few = workspace().objects().counters().bytes_read;
  reopen();
  read("many-blocks");
  CHECK(few + k_data_block_size < workspace().objects().counters().bytes_read);
}

TEST_CASE_FIXTURE(CatFixture, "a chunk that is missing ends in corruption after the bytes before it") {
  const TreeEntry whole = find_in_tree(objects(), tree, "large");
  Bytes recipe;
  RecipeBuilder builder([&](const NodeBuilder::Built& built) { recipe = Bytes(built.bytes.begin(), built.bytes.end()); });
  const TreeEntry small = find_in_tree(objects(), tree, "small");
  builder.add_chunk(small.id, small.size);
  builder.add_chunk(whole.id, 5);  // an id that is no chunk
  const NodeBuilder::Root root = builder.finish();
  put_objects({{{ObjectType::recipe, root.id}, recipe}});
  reopen();
  std::string sent;
  const TreeEntry entry{.kind = EntryKind::large_file, .mode = 0644, .size = root.bytes, .name = "f", .id = root.id};
  CHECK(kind_of([&] { cat(workspace(), entry, "f", {}, [&](ByteView bytes) { sent += as_text(bytes); }); }) ==
        ErrorKind::corrupt);
  CHECK(sent == "0123456789");
}

TEST_CASE_FIXTURE(CatFixture, "an entry whose size is not its recipe's is corruption") {
  TreeEntry entry = find_in_tree(objects(), tree, "large");
  ++entry.size;
  CHECK(kind_of([&] { cat(workspace(), entry, "f", {}, [](ByteView) {}); }) == ErrorKind::corrupt);
  TreeEntry small = find_in_tree(objects(), tree, "small");
  ++small.size;
  CHECK(kind_of([&] { cat(workspace(), small, "f", {}, [](ByteView) {}); }) == ErrorKind::corrupt);
}
