// After a sample of the damages of rot_test.cpp, repair: whatever is there twice is whole again, the rest is told, and nothing is gone.
#include <doctest/doctest.h>

#include <algorithm>

#include "ops/repair.h"
#include "rot/rotting.h"

using namespace store;
using namespace store::test;

namespace {

/// Without `format` nothing says that this is a repository; any settings may be meant.
bool can_be_mended(const std::string& name) { return name != "format" && name != "config"; }

bool holds(const Files& files, const std::string& content) {
  return std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.second == content; });
}

/// What came of a repair after the damage that was done.
struct Mended {
  bool whole = false;
  std::size_t repaired = 0;
};

Mended repair_and_check(const Rotting& rotting, const std::string& name) {
  const Files damaged = rotting.files_of_repository();
  RepairResult result;
  {
    Workspace workspace = rotting.fixture().open();
    result = repair(workspace, {}, "");
  }
  Mended mended{result.left.problems.empty(), result.repaired.size()};
  for (const FsckProblem& problem : result.left.problems) CHECK(problem.kind == "missing_object");
  CHECK(describe(rotting.fixture().fsck()) == describe(result.left));
  const Rotting::Found found = rotting.read_everything();
  CHECK(found.head);
  if (mended.whole) CHECK(found.all);
  const bool of_pack = name.starts_with("packs/");
  if (!of_pack || rotting.is_in_worktree(name)) CHECK(mended.whole);
  if (rotting.is_only_of_second(name)) CHECK(found.right.front() == 4);
  // What was replaced is still somewhere: derived files and the state of locks and hints apart.
  const Files now = rotting.files_of_repository();
  for (const auto& [file, content] : damaged)
    if (file == name && file != "oplog.done" && !content.empty()) CHECK(holds(now, content));
  rotting.restore();
  return mended;
}

struct Sample {
  std::size_t damages = 0;
  std::size_t whole = 0;
  std::size_t repaired = 0;
  void add(const Mended& mended) {
    ++damages;
    whole += mended.whole;
    repaired += mended.repaired;
  }
};

/// Every 23rd byte of each file, the first and the last.
template <typename Damage>
Sample sample(const Rotting& rotting, Damage damage) {
  constexpr std::size_t k_step = 23;
  Sample result;
  for (const auto& file : rotting.repository()) {
    const std::string& name = file.first;
    if (!can_be_mended(name)) continue;
    CAPTURE(name);
    for (std::size_t at = 0; at < file.second.size(); at += at + 1 == file.second.size() ? 1 : std::min(k_step, file.second.size() - 1 - at)) {
      CAPTURE(at);
      damage(name, file.second, at);
      result.add(repair_and_check(rotting, name));
    }
  }
  MESSAGE(result.damages << " damages, " << result.whole << " whole again, " << result.repaired << " repairs");
  CHECK(result.damages > 400);
  CHECK(result.whole > result.damages / 4);  // most of it is packs, and an old version is in no working tree
  CHECK(result.repaired > result.damages);
  return result;
}

}  // namespace

TEST_CASE("after a repair of any flipped byte all is whole that is there twice, and nothing is gone") {
  const Rotting rotting;
  sample(rotting, [&](const std::string& name, std::string content, std::size_t at) {
    content[at] = static_cast<char>(content[at] ^ (1 << (at % 8)));
    rotting.write(name, content);
  });
}

TEST_CASE("after a repair of a file that was cut all is whole that is there twice, and nothing is gone") {
  const Rotting rotting;
  sample(rotting, [&](const std::string& name, const std::string& content, std::size_t at) { rotting.write(name, content.substr(0, at)); });
}

TEST_CASE("after a repair of a file that is gone or has another one's content all is whole that is there twice") {
  const Rotting rotting;
  for (const auto& file : rotting.repository()) {
    const std::string& name = file.first;
    if (!can_be_mended(name)) continue;
    CAPTURE(name);
    rotting.remove(name);
    repair_and_check(rotting, name);
    for (const auto& other : rotting.repository()) {
      if (other.first == name || other.second == file.second || !can_be_mended(other.first)) continue;
      CAPTURE(other.first);
      rotting.write(name, other.second);
      repair_and_check(rotting, name);
    }
  }
}
