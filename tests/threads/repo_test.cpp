// The classes of the repository that several threads use at once.
#include <unistd.h>

#include <atomic>

#include "race.h"
#include "repo/block_cache.h"
#include "repo/open_packs.h"
#include "unit/repo/pack_fixture.h"

namespace store::test {
namespace {

BlockCache::Key cache_key(std::uint64_t number) { return {sha256(as_bytes(fmt::format("pack {}", number % 7))), number}; }

std::shared_ptr<const DecodedBlock> numbered_block(std::uint64_t number, std::size_t size) {
  Buffer bytes(size);
  std::fill_n(bytes.data(), size, static_cast<std::byte>(number));
  const auto length = static_cast<std::uint32_t>(size);
  return std::make_shared<const DecodedBlock>(std::vector<BlockObject>{{ObjectType::chunk, length}}, std::move(bytes), size);
}

}  // namespace

TEST_CASE("a cache that threads fill and ask at once gives each the block of its key, and keeps what fits") {
  constexpr std::uint64_t k_blocks = 300;
  constexpr std::size_t k_size = 4000;
  constexpr std::uint64_t k_rounds = 5'000;
  BlockCache evicting(64 * k_size);
  BlockCache roomy(2 * k_blocks * (k_size + 64) * 16);
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> hits{0};
  race([&](std::size_t thread) {
    for (std::uint64_t i = 0; i < k_rounds; ++i) {
      const std::uint64_t number = (i * (2 * thread + 1)) % k_blocks;
      for (BlockCache* cache : {&evicting, &roomy}) {
        const std::shared_ptr<const DecodedBlock> found = cache->get(cache_key(number));
        if (!found) {
          cache->put(cache_key(number), numbered_block(number, k_size));
          continue;
        }
        ++hits;
        if (found->bytes(0).front() != static_cast<std::byte>(number) || found->bytes(0).size() != k_size) ++wrong;
      }
    }
  });
  CHECK(wrong == 0);
  CHECK(hits > 0);
  std::uint64_t kept = 0;
  for (std::uint64_t number = 0; number < k_blocks; ++number) {
    CHECK(roomy.get(cache_key(number)) != nullptr);
    kept += evicting.get(cache_key(number)) != nullptr;
  }
  CHECK(kept > 0);
  CHECK(kept <= 64);
}

TEST_CASE("more packs than stay open, opened by several threads while another closes them, are each the right file") {
  constexpr std::size_t k_packs = 100;
  const TestRepository repository;
  publish_tiny_packs(*repository, k_packs, 1);
  const std::vector<CatalogState::Pack> packs = read_catalog(*repository).packs;
  REQUIRE(packs.size() == k_packs);
  OpenPacks open(*repository);
  std::atomic<std::uint64_t> wrong{0};
  race([&](std::size_t thread) {
    for (std::size_t i = 0; i < 1'500; ++i) {
      if (thread == 0 && i % 50 == 0) open.clear();
      const CatalogPack& pack = packs[(i * (2 * thread + 1)) % k_packs].pack;
      const std::shared_ptr<const OpenPack> found = open.open(pack.id);
      char first = 0;
      if (!found || found->size != pack.size || found->name.find(pack.id.short_hex()) == std::string::npos ||
          ::pread(found->fd.get(), &first, 1, 0) != 1)
        ++wrong;
    }
  });
  CHECK(wrong == 0);
  CHECK(open.open(sha256(as_bytes("no pack"))) == nullptr);
}

TEST_CASE("readers find every object of a pack from the moment it is added, whatever is refreshed and merged beside them") {
  constexpr std::size_t k_packs = 60;
  const TestRepository repository;
  ObjectStore objects(*repository, {.cache_bytes = 2'000});
  std::vector<Bytes> chunks;
  for (std::size_t i = 0; i < k_packs; ++i) chunks.push_back(noise(500, 100 + i));
  std::atomic<std::size_t> added{0};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> reads{0};
  race([&](std::size_t thread) {
    if (thread == 0) {
      for (const Bytes& chunk : chunks) {
        objects.add_pack(publish_chunks(*repository, {chunk}));
        ++added;
        if (added % 10 == 0) objects.maintain_tables();
        if (added % 7 == 0) objects.refresh();
        if (added % 23 == 0) objects.refresh_checked();
      }
      return;
    }
    for (std::size_t i = 0; added < k_packs || i < 2 * k_packs; ++i) {
      const std::size_t there = added;
      if (there == 0) continue;
      const Bytes& chunk = chunks[(i * thread) % there];
      if (!objects.known_for_deduplication(chunk_key(chunk)) || objects.read(chunk_key(chunk)) != chunk) ++wrong;
      ++reads;
    }
  });
  CHECK(wrong == 0);
  CHECK(reads >= 2 * k_packs * (k_threads - 1));
  CHECK(objects.counters().blocks_read > 0);
  CHECK(objects.catalog()->packs.size() == k_packs);
}

TEST_CASE("what a publisher says is sealed is found by every other thread") {
  constexpr std::size_t k_blocks = k_pack_object_limit / k_max_block_objects + 1;  // in two packs
  TestRepository repository;
  ObjectStore objects(*repository, {});
  const Session session = repository.session();
  Publisher publisher(*repository, objects, session, {}, true);
  std::vector<EncodedBlock> blocks;
  for (std::uint64_t i = 0; i < k_blocks; ++i) blocks.push_back(wide_block(i));
  std::atomic<bool> finished{false};
  std::atomic<std::uint64_t> lost{0};
  race([&](std::size_t thread) {
    if (thread == 0) {
      for (const EncodedBlock& block : blocks) publisher.append(block);
      publisher.finish(std::nullopt);
      finished = true;
      return;
    }
    for (bool last = false; !last;) {
      last = finished;
      // A pack holds one block at least.
      const std::uint64_t sealed = publisher.sealed_packs();
      for (std::uint64_t i = 0; i < sealed; ++i)
        for (std::size_t k = thread; k < blocks[i].keys.size(); k += 5'000)
          if (!objects.contains(blocks[i].keys[k])) ++lost;
      std::this_thread::yield();
    }
  });
  CHECK(lost == 0);
  CHECK(publisher.sealed_packs() == 2);
  CHECK(objects.catalog()->packs.size() == 2);
  for (const EncodedBlock& block : blocks) CHECK(objects.contains(block.keys.back()));
}

}  // namespace store::test
