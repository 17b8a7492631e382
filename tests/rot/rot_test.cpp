// Every byte of a small repository flipped, every file cut at every length, removed, and put in the place of another: what is wrong is
// told, nothing wrong ever comes out, and what was not hit can still be read.
#include <doctest/doctest.h>

#include "rot/rotting.h"
#include "rot/ways_out.h"
#include "support/program.h"

using namespace store;
using namespace store::test;

namespace {

bool holds_all(const std::vector<ObjectId>& told, const std::set<ObjectId>& all) { return std::set<ObjectId>(told.begin(), told.end()) == all; }

/// A flipped byte of a pack is told with the pack; in a block also with the block's offset, with the objects in it, and with the
/// commits and paths that need them.
void check_located(const Rotting& rotting, const std::string& name, std::uint64_t at,
                   const std::optional<std::vector<FsckProblem>>& problems) {
  const std::optional<Rotting::Place> place = rotting.place_of(name, at);
  if (!place) return;
  REQUIRE(problems);
  bool pack = false, offset = false, needed = false, objects = false;
  for (const FsckProblem& problem : *problems) {
    const bool here = problem.pack == place->pack && problem.offset == place->block;
    const bool inside = problem.object && place->objects.contains(*problem.object);
    pack = pack || problem.pack == place->pack;
    offset = offset || here;
    objects = objects || (here && inside && (problem.kind == "object" || holds_all(problem.objects, place->objects)));
    needed = needed || ((here || inside) && (!problem.commits.empty() || !problem.paths.empty()));
  }
  CHECK(pack);
  if (!place->block) return;
  CHECK(offset);
  CHECK(objects);
  CHECK(needed);
}

/// After some damage to `name`: silence means that all is there, and what the damage did not touch is there in any case. True if
/// fsck told. A flip is also looked at through the ways out.
bool check(const Rotting& rotting, const std::string& name, std::optional<std::uint64_t> flipped = {}, WaysOut* out = nullptr) {
  const std::optional<std::vector<FsckProblem>> problems = rotting.problems();
  const bool told = !problems || !problems->empty();
  const Rotting::Found found = rotting.read_everything();
  CHECK((told || (found.all && found.head)));
  if (flipped) check_located(rotting, name, *flipped, problems);
  if (out != nullptr) out->take(found.right);
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
  WaysOut out(rotting);
  const std::size_t flips = at_each_byte(rotting, [&](const std::string& name, std::string content, std::size_t at) {
    content[at] = static_cast<char>(content[at] ^ (1 << (at % 8)));
    rotting.write(name, content);
    CHECK((check(rotting, name, at, &out) || !is_needed(name)));
  });
  MESSAGE(flips << " flipped bytes; checkouts: " << out.whole() << " whole, " << out.in_part() << " in part, " << out.refused() << " refused");
  CHECK(out.whole() > 1000);
  CHECK(out.in_part() > 1000);
}

TEST_CASE("the program ends with 6 where damage keeps anything back, and writes nothing that is wrong") {
  constexpr std::size_t k_step = 37;
  const Rotting rotting;
  const Scratch& scratch = rotting.fixture().scratch();
  const Files& files = rotting.commits().back().second;
  std::size_t runs = 0, damaged = 0;
  const auto run = [&](const std::vector<std::string>& words, const auto& came_out) {
    const ProgramRun done = run_program(rotting.fixture().path(), words);
    CAPTURE(words.front());
    CAPTURE(done.err);
    CHECK((done.code == 0 || done.code == 6));
    if (done.code == 6) CHECK(!done.err.empty());
    came_out(done);
    ++runs;
    damaged += done.code == 6;
  };
  for (const auto& file : rotting.repository()) {
    const std::string& name = file.first;
    const std::string& content = file.second;
    if (!name.starts_with("packs/")) continue;
    CAPTURE(name);
    for (std::size_t at = 32; at < content.size(); at += k_step) {  // the header of a pack also says what version it is
      CAPTURE(at);
      std::string rotten = content;
      rotten[at] = static_cast<char>(rotten[at] ^ (1 << (at % 8)));
      rotting.write(name, rotten);
      run({"cat", "main:d/large"}, [&](const ProgramRun& done) {
        CHECK((done.code == 0 ? done.out == files.at("d/large") : files.at("d/large").starts_with(done.out)));
      });
      run({"checkout", "main", "--out", "../out"}, [&](const ProgramRun& done) {
        for (const std::string path : {"small", "d/large", "d/new", "d/run"}) {
          const bool there = scratch.exists("out/" + path);
          CHECK((there || done.code == 6));
          if (there) CHECK(scratch.read("out/" + path) == files.at(path));
        }
        if (scratch.exists("out")) scratch.remove("out");
      });
      run({"export", "main", "-o", "../out.tar"}, [&](const ProgramRun& done) {
        CHECK(scratch.exists("out.tar") == (done.code == 0));
        if (scratch.exists("out.tar")) scratch.remove("out.tar");
      });
      for (const std::string path : {"small", "d/large"})
        if (scratch.exists("work/" + path)) rotting.fixture().remove(path);
      run({"restore", "--source", "main", "small", "d/large"}, [&](const ProgramRun& done) {
        for (const std::string path : {"small", "d/large"}) {
          const bool there = scratch.exists("work/" + path);
          CHECK((there || done.code == 6));
          if (there) CHECK(scratch.read("work/" + path) == files.at(path));
        }
      });
      rotting.restore();
    }
  }
  MESSAGE(runs << " runs, " << damaged << " ended with 6");
  CHECK(damaged > runs / 10);
  CHECK(damaged < runs);
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
