#include "pipeline/verify.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "repo/pack_file.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// A repository of one pack with several blocks of noise.
class OnePack {
 public:
  OnePack() {
    fixture_.settings.core.compression = 0;
    fixture_.settings.performance.max_worker_threads = 8;
    for (std::uint64_t i = 0; i < 4; ++i) fixture_.write("f" + std::to_string(i), noise(1'500'000, i));
    fixture_.add_all();
    name_ = fixture_.packs().begin()->first;
  }
  WorkFixture& fixture() { return fixture_; }
  std::string path() const { return fixture_.path(".store/packs/" + name_); }
  ObjectId id() const { return *ObjectId::from_hex(name_.substr(0, name_.find('.'))); }

  /// All blocks, verified on so many threads.
  std::vector<BlockDamage> verify(unsigned threads, VerifyTotals* totals = nullptr, const CancelToken* cancel = nullptr,
                                  Progress* progress = nullptr) const {
    const Workspace workspace = fixture_.open();
    const std::vector<BlockPlace> places = blocks_of(*open_pack(workspace.repository(), id()));
    std::vector<BlockDamage> found;
    const VerifyTotals result = verify_blocks(
        workspace.repository(), workspace.objects(), places,
        {.damaged = [&](const BlockDamage& one) { found.push_back(one); }},
        {.threads = threads, .cancel = cancel, .progress = progress});
    if (totals != nullptr) *totals = result;
    return found;
  }

 private:
  WorkFixture fixture_;
  std::string name_;
};

}  // namespace

TEST_CASE("blocks of a pack stand side by side up to its footer") {
  OnePack pack;
  const Workspace workspace = pack.fixture().open();
  const std::optional<PackFile> file = open_pack(workspace.repository(), pack.id());
  REQUIRE(file);
  const std::vector<BlockPlace> places = blocks_of(*file);
  REQUIRE(places.size() > 2);
  for (std::size_t i = 0; i + 1 < places.size(); ++i) CHECK(places[i].end == places[i + 1].offset);
  CHECK(places.back().end == file->footer_offset);
}

TEST_CASE("sound blocks verify on any number of threads, and are counted") {
  OnePack pack;
  for (const unsigned threads : {1u, 2u, 8u}) {
    VerifyTotals totals;
    Progress progress;
    CHECK(pack.verify(threads, &totals, nullptr, &progress).empty());
    const Workspace workspace = pack.fixture().open();
    const std::optional<PackFile> file = open_pack(workspace.repository(), pack.id());
    CHECK(totals.blocks == blocks_of(*file).size());
    CHECK(totals.objects == decode_footer(file->footer).entries.size());
    CHECK(totals.bytes_read == file->footer_offset - blocks_of(*file).front().offset);
    CHECK(progress.bytes_done == totals.bytes_read);
  }
}

TEST_CASE("damage is told for each block that has it, and for no other") {
  OnePack pack;
  std::vector<BlockPlace> places;
  {
    const Workspace workspace = pack.fixture().open();
    places = blocks_of(*open_pack(workspace.repository(), pack.id()));
  }
  std::string bytes = pack.fixture().packs().begin()->second;
  const std::vector<std::size_t> hit{0, 2};
  for (const std::size_t i : hit) bytes[static_cast<std::size_t>(places[i].end) - 5] ^= 1;
  pack.fixture().scratch().write("work/.store/packs/" + pack.id().hex() + ".pack", bytes);
  for (const unsigned threads : {1u, 4u}) {
    VerifyTotals totals;
    std::vector<BlockDamage> found = pack.verify(threads, &totals);
    std::sort(found.begin(), found.end(),
              [](const BlockDamage& a, const BlockDamage& b) { return a.place.offset < b.place.offset; });
    REQUIRE(found.size() == hit.size());
    for (std::size_t i = 0; i < hit.size(); ++i) {
      CHECK(found[i].place.offset == places[hit[i]].offset);
      CHECK(found[i].place.pack == pack.id());
      CHECK(!found[i].key);
      CHECK(!found[i].message.empty());
    }
  }
}

TEST_CASE("a pack that went away meanwhile is passed over") {
  OnePack pack;
  const Workspace workspace = pack.fixture().open();
  const std::vector<BlockPlace> places = blocks_of(*open_pack(workspace.repository(), pack.id()));
  std::filesystem::remove(pack.path());
  const VerifyTotals totals = verify_blocks(
      workspace.repository(), workspace.objects(), places, {.damaged = [](const BlockDamage&) { FAIL("no damage"); }},
      {.threads = 2});
  CHECK(totals.blocks == 0);
}

TEST_CASE("verification can be interrupted") {
  OnePack pack;
  CancelToken cancel;
  cancel.request(SIGINT);
  for (const unsigned threads : {1u, 4u})
    CHECK(kind_of([&] { pack.verify(threads, nullptr, &cancel); }) == ErrorKind::interrupted);
}
