// Every input of the corpora once more, in an ordinary build: what was found stays mended.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "fuzz/target.h"

using namespace store;

namespace {

const std::filesystem::path k_corpora = STORE_SOURCE_DIR "/tests/fuzz/corpus";

std::vector<std::filesystem::path> list(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator entries(folder);
  std::vector<std::filesystem::path> paths(begin(entries), end(entries));
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("every input of the corpora keeps its target's promises") {
  std::size_t inputs = 0;
  for (const fuzz::Target& target : fuzz::targets()) {
    const std::vector<std::filesystem::path> corpus = list(k_corpora / target.name);
    CHECK_MESSAGE(!corpus.empty(), target.name);
    for (const std::filesystem::path& path : corpus) {
      const std::string input = read(path);
      CHECK_NOTHROW_MESSAGE(target.run(as_bytes(input)), path.string());
      ++inputs;
    }
  }
  MESSAGE(inputs << " inputs of " << fuzz::targets().size() << " targets");
}

TEST_CASE("every corpus has a target") {
  std::set<std::string> names;
  for (const fuzz::Target& target : fuzz::targets()) CHECK(names.emplace(target.name).second);
  for (const std::filesystem::path& path : list(k_corpora)) CHECK_MESSAGE(names.contains(path.filename()), path.string());
}
