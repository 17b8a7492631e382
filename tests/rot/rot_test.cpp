// Every byte of a small repository flipped, every file cut at every length, removed, and put in the place of another: what is wrong is
// told, nothing wrong ever comes out, and what was not hit can still be read.
#include <doctest/doctest.h>

#include "rot/rotting.h"

using namespace store;
using namespace store::test;

namespace {

/// A flipped byte of a pack is told with the pack; in a block also with the block's offset, and with the commits and paths that need
/// what is in it.
void check_located(const Rotting& rotting, const std::string& name, std::uint64_t at,
                   const std::optional<std::vector<FsckProblem>>& problems) {
  const std::optional<Rotting::Place> place = rotting.place_of(name, at);
  if (!place) return;
  REQUIRE(problems);
  bool pack = false, offset = false, needed = false;
  for (const FsckProblem& problem : *problems) {
    const bool here = problem.pack == place->pack && problem.offset == place->block;
    const bool inside = problem.object && place->objects.contains(*problem.object);
    pack = pack || problem.pack == place->pack;
    offset = offset || here;
    needed = needed || ((here || inside) && (!problem.commits.empty() || !problem.paths.empty()));
  }
  CHECK(pack);
  if (!place->block) return;
  CHECK(offset);
  CHECK(needed);
}

/// After some damage to `name`: silence means that all is there, and what the damage did not touch is there in any case. True if
/// fsck told.
bool check(const Rotting& rotting, const std::string& name, std::optional<std::uint64_t> flipped = {}) {
  const std::optional<std::vector<FsckProblem>> problems = rotting.problems();
  const bool told = !problems || !problems->empty();
  const Rotting::Found found = rotting.read_everything();
  CHECK((told || (found.all && found.head)));
  if (flipped) check_located(rotting, name, *flipped, problems);
  if (rotting.is_only_of_second(name)) CHECK(found.right.front() == 4);
  rotting.restore();
  return told;
}

/// Readers do without it, or anything may stand there.
bool is_needed(const std::string& name) { return name != "oplog.done" && name != "info/exclude" && name != "config"; }

/// Calls `damage(name, content, at)` for each byte of each file; returns how often.
template <typename Damage>
std::size_t at_each_byte(const Rotting& rotting, Damage damage) {
  std::size_t count = 0;
  for (const auto& file : rotting.repository()) {
    CAPTURE(file.first);
    for (std::size_t at = 0; at < file.second.size(); ++at, ++count) {
      CAPTURE(at);
      damage(file.first, file.second, at);
    }
  }
  CHECK(count > 5000);
  return count;
}

}  // namespace

TEST_CASE("every flipped byte of a repository is found, and nothing wrong comes out") {
  const Rotting rotting;
  const std::size_t flips = at_each_byte(rotting, [&](const std::string& name, std::string content, std::size_t at) {
    content[at] = static_cast<char>(content[at] ^ (1 << (at % 8)));
    rotting.write(name, content);
    CHECK((check(rotting, name, at) || !is_needed(name)));
  });
  MESSAGE(flips << " flipped bytes");
}

TEST_CASE("a file that was cut at any length is found, and nothing wrong comes out") {
  const Rotting rotting;
  const std::size_t cuts = at_each_byte(rotting, [&](const std::string& name, const std::string& content, std::size_t at) {
    rotting.write(name, content.substr(0, at));
    check(rotting, name);
  });
  MESSAGE(cuts << " cut files");
}

TEST_CASE("a file that is gone, or another one's content, is found, and nothing wrong comes out") {
  const Rotting rotting;
  for (const auto& file : rotting.repository()) {
    const std::string& name = file.first;
    const std::string& content = file.second;
    CAPTURE(name);
    rotting.remove(name);
    check(rotting, name);
    for (const auto& exchanged : rotting.repository()) {
      const std::string& other = exchanged.first;
      if (other == name || exchanged.second == content) continue;
      CAPTURE(other);
      rotting.write(name, exchanged.second);
      rotting.write(other, content);
      check(rotting, "");
      rotting.write(name, exchanged.second);
      check(rotting, name);
    }
  }
}
