// One changed name in a large directory: what add and commit write for it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "support/fault_file_system.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

TEST_CASE("one changed name of 20,000 in a directory writes little, counted at the file-system interface") {
  constexpr int k_names = 20'000, k_rounds = 100;
  WorkFixture fixture;
  const auto name_of = [](int number) { return fmt::format("directory/name-{:05}", number); };
  for (int number = 0; number < k_names; ++number) fixture.write(name_of(number), fmt::format("content of {}\n", number));
  fixture.snapshot();
  testing::SplitMix64 random(13);
  std::vector<std::uint64_t> written;
  for (int round = 0; round < k_rounds; ++round) {
    const std::string name = name_of(static_cast<int>(random.between(0, k_names - 1)));
    fixture.append(name, fmt::format("round {}\n", round));
    FaultFileSystem counting(unsynced_file_system());
    fixture.env.fs = &counting;
    fixture.add_paths({name});
    fixture.commit();
    fixture.env.fs = &unsynced_file_system();
    written.push_back(counting.bytes_written());
  }
  std::sort(written.begin(), written.end());
  CAPTURE(fmt::format("{}", fmt::join(written, " ")));
  CHECK(written[k_rounds / 2] < 64u << 10);
  // What is above is a merge of packs, tables or the index: every eighth time or less.
  CHECK(written[k_rounds * 7 / 8 - 1] < 128u << 10);
}
