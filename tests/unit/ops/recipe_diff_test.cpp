#include "ops/recipe_diff.h"

#include <doctest/doctest.h>

#include "ops/tree_reader.h"
#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// Compares two contents as files of small chunks.
struct Comparison {
  RepoFixture fixture;

  Comparison() {
    fixture.parameters = ChunkParameters::for_average(k_min_chunk_average);
    fixture.inline_threshold = k_min_chunk_average;
  }

  std::vector<ChangedRange> ranges(const std::string& before, const std::string& after) {
    const ObjectId tree = fixture.put_tree({{"after", file_of(after)}, {"before", file_of(before)}});
    const TreeEntry old_entry = *find_entry(fixture.objects(), tree, "before");
    const TreeEntry new_entry = *find_entry(fixture.objects(), tree, "after");
    RecipeDiff diff(fixture.objects(), &old_entry, &new_entry);
    std::vector<ChangedRange> found;
    while (const std::optional<ChangedRange> range = diff.next()) found.push_back(*range);
    check_covers(found, before, after);
    return found;
  }

  /// What lies between the ranges is the same on both sides.
  static void check_covers(const std::vector<ChangedRange>& ranges, const std::string& before, const std::string& after) {
    std::uint64_t old_at = 0;
    std::uint64_t new_at = 0;
    for (const ChangedRange& range : ranges) {
      REQUIRE(range.old_start - old_at == range.new_start - new_at);
      CHECK(before.substr(old_at, range.old_start - old_at) == after.substr(new_at, range.new_start - new_at));
      old_at = range.old_start + range.old_length;
      new_at = range.new_start + range.new_length;
    }
    CHECK(before.substr(old_at) == after.substr(new_at));
  }
};

constexpr std::uint64_t k_few_chunks = 6 * k_min_chunk_average;

}  // namespace

TEST_CASE("equal contents have no changed range, whatever their size") {
  Comparison comparison;
  for (const std::size_t size : {0u, 1u, 5000u, 3u << 20}) {
    const std::string content = random_text(size, 7);
    CHECK(comparison.ranges(content, content).empty());
  }
}

TEST_CASE("one byte changed in the middle is one range of a few chunks") {
  Comparison comparison;
  const std::string before = random_text(8u << 20, 1);
  std::string after = before;
  after[4u << 20] = static_cast<char>(after[4u << 20] ^ 1);
  const std::vector<ChangedRange> ranges = comparison.ranges(before, after);
  REQUIRE(ranges.size() == 1);
  CHECK(ranges[0].new_length <= k_few_chunks);
  CHECK(ranges[0].new_start <= 4u << 20);
  CHECK(ranges[0].old_length == ranges[0].new_length);
}

TEST_CASE("inserted, removed and appended bytes are ranges of their own") {
  Comparison comparison;
  const std::string before = random_text(4u << 20, 2);
  std::string after = before;
  after.insert(3u << 20, random_text(300'000, 3));
  after.erase(1u << 20, 200'000);
  after += "end";
  const std::vector<ChangedRange> ranges = comparison.ranges(before, after);
  REQUIRE(ranges.size() == 3);
  CHECK(ranges[0].old_length <= 200'000 + k_few_chunks);
  CHECK(ranges[0].new_length <= k_few_chunks);
  CHECK(ranges[1].new_length <= 300'000 + k_few_chunks);
  CHECK(ranges[2].old_length + ranges[2].new_length <= k_few_chunks);
}

TEST_CASE("runs of zeros are compared by their lengths") {
  Comparison comparison;
  const std::string head = random_text(100'000, 4);
  const std::vector<ChangedRange> ranges =
      comparison.ranges(head + std::string(8u << 20, '\0'), head + std::string(9u << 20, '\0'));
  REQUIRE(ranges.size() == 1);
  CHECK(ranges[0].old_length <= k_few_chunks);
  CHECK(ranges[0].new_length <= (1u << 20) + k_few_chunks);
  CHECK(comparison.ranges(std::string(1u << 20, '\0'), std::string(1u << 20, '\0') + head).size() == 1);
}

TEST_CASE("contents that have nothing in common are one range") {
  Comparison comparison;
  const std::vector<ChangedRange> ranges = comparison.ranges(random_text(2u << 20, 5), random_text(1u << 20, 6));
  CHECK(ranges == std::vector<ChangedRange>{{0, 2u << 20, 0, 1u << 20}});
  CHECK(comparison.ranges("", "abc") == std::vector<ChangedRange>{{0, 0, 0, 3}});
  CHECK(comparison.ranges("abc", "") == std::vector<ChangedRange>{{0, 3, 0, 0}});
}
