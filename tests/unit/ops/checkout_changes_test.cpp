#include "ops/checkout_changes.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace store {
namespace {

/// `count` changes; counts the streams that it was asked for.
ChangeSource numbered(std::size_t count, int& streams) {
  return [count, &streams] {
    ++streams;
    return [count, at = std::size_t{0}]() mutable -> std::optional<TreeChange> {
      if (at == count) return {};
      TreeEntry entry;
      entry.size = at;
      return TreeChange{TreeChange::Kind::added, fmt::format("file-{:07}", at++), {}, std::move(entry)};
    };
  };
}

std::size_t count_in_order(const ChangeSource& source) {
  const ChangeStream stream = source();
  std::size_t count = 0;
  while (const std::optional<TreeChange> change = stream()) {
    CHECK(change->after.value().size == count);
    ++count;
  }
  return count;
}

TEST_CASE("remembered changes are asked for once, if a stream came to its end") {
  int streams = 0;
  const ChangeSource source = remembered(numbered(100, streams));
  const ChangeStream left_early = source();
  for (int i = 0; i < 50; ++i) CHECK(left_early().has_value());
  CHECK(count_in_order(source) == 100);
  CHECK(streams == 2);
  CHECK(count_in_order(source) == 100);
  CHECK(count_in_order(source) == 100);
  CHECK(streams == 2);
}

TEST_CASE("more changes than memory is given for are asked for each time") {
  int streams = 0;
  const ChangeSource source = remembered(numbered(100'000, streams));
  CHECK(count_in_order(source) == 100'000);
  CHECK(count_in_order(source) == 100'000);
  CHECK(streams == 2);
}

TEST_CASE("no changes at all are remembered, too") {
  int streams = 0;
  const ChangeSource source = remembered(numbered(0, streams));
  CHECK(count_in_order(source) == 0);
  CHECK(count_in_order(source) == 0);
  CHECK(streams == 1);
}

}  // namespace
}  // namespace store
