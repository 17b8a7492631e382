#include "ops/status_list.h"

#include <doctest/doctest.h>

#include <string>

namespace store {

TEST_CASE("a status list gives back what was added, whatever the lengths") {
  StatusList list;
  CHECK(list.empty());
  constexpr std::size_t k_entries = 3000;  // several blocks
  const auto path_of = [](std::size_t i) { return std::string(i % 500 + 1, static_cast<char>('a' + i % 26)); };
  for (std::size_t i = 0; i < k_entries; ++i) {
    const std::string path = path_of(i);
    const std::string from = i % 3 == 0 ? path_of(i + 7) : "";
    list.add({path, static_cast<Change>(i % 5), from, i % 2 == 0});
  }
  const std::string long_path(1 << 20, 'x');  // longer than a block
  list.add({long_path, Change::deleted, {}, false});
  REQUIRE(list.size() == k_entries + 1);
  std::size_t i = 0;
  for (const StatusEntry entry : list) {
    if (i == k_entries) break;
    CHECK(entry.path == path_of(i));
    CHECK(entry.from == (i % 3 == 0 ? path_of(i + 7) : ""));
    CHECK(entry.change == static_cast<Change>(i % 5));
    CHECK(entry.directory == (i % 2 == 0));
    ++i;
  }
  CHECK(list[k_entries].path == long_path);
}

}  // namespace store
