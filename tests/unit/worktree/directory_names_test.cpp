#include "worktree/directory_names.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/random_bytes.h"
#include "support/scratch.h"

using namespace store;
using test::Scratch;

namespace {

using Names = std::vector<std::string>;

Names read_names(const Scratch& scratch, std::size_t run_length) {
  const UniqueFd fd(::openat(scratch.dirfd(), ".", O_RDONLY | O_DIRECTORY));
  DirectoryNames names;
  REQUIRE(names.read(fd.get(), run_length, [](std::string_view) { return true; }) == 0);
  Names result;
  while (const auto name = names.next()) result.emplace_back(*name);
  CHECK(names.at_end());
  return result;
}

}  // namespace

TEST_CASE("names ascend by unsigned bytes, in memory and merged from any number of runs") {
  const Scratch scratch;
  testing::SplitMix64 random(7);
  for (int i = 0; i < 500; ++i) {
    std::string name;
    for (std::uint64_t length = random.between(1, 255); name.size() < length;) {
      const char byte = static_cast<char>(random.between(1, 255));
      if (byte != '/' && byte != '.') name += byte;
    }
    scratch.write(name, "");
  }
  Names expected = scratch.list();
  std::sort(expected.begin(), expected.end());
  for (const std::size_t run_length : {1U, 2U, 7U, 499U, 500U, 501U}) {
    CAPTURE(run_length);
    REQUIRE(read_names(scratch, run_length) == expected);
  }
}

TEST_CASE("a name that keep refuses is not returned") {
  const Scratch scratch;
  scratch.make_tree({{"a"}, {"b"}, {"c"}});
  const UniqueFd fd(::openat(scratch.dirfd(), ".", O_RDONLY | O_DIRECTORY));
  DirectoryNames names;
  REQUIRE(names.read(fd.get(), 1, [](std::string_view name) { return name != "b"; }) == 0);
  CHECK(names.next() == "a");
  CHECK_FALSE(names.at_end());
  CHECK(names.next() == "c");
  CHECK_FALSE(names.next());
}

TEST_CASE("what is no directory gives the errno of the kernel") {
  const Scratch scratch;
  scratch.write("f", "");
  const UniqueFd fd(::openat(scratch.dirfd(), "f", O_RDONLY));
  DirectoryNames names;
  CHECK(names.read(fd.get(), 1, [](std::string_view) { return true; }) == ENOTDIR);
}
