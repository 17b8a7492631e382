#include "repo/pack_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "pack_fixture.h"
#include "repo/pack_file.h"

namespace store::test {
namespace {

/// Every object of a pack, decoded front to back and checked against the footer.
std::vector<ObjectKey> checked_keys(const Repository& repository, const ObjectId& id) {
  const std::optional<PackFile> pack = open_pack(repository, id);
  REQUIRE(pack);
  const FooterView footer(pack->footer, FooterView::Verify::yes);
  Decompressor decompressor;
  std::vector<std::vector<ObjectKey>> computed;
  for (std::size_t i = 0; i < footer.blocks(); ++i) {
    const std::uint64_t end = i + 1 < footer.blocks() ? footer.block_offset(i + 1) : pack->footer_offset;
    const StoredBlock stored = read_stored_block(*pack, footer.block_offset(i), end);
    const DecodedBlock block = decode_block(stored, decompressor, nullptr);
    computed.emplace_back();
    for (std::size_t k = 0; k < block.size(); ++k)
      computed.back().push_back({block.object(k).type, object_id(block.object(k).type, block.bytes(k))});
  }
  std::vector<ObjectKey> keys;
  for (std::size_t i = 0; i < footer.size(); ++i) {
    const FooterEntry entry = footer.entry(i);
    CHECK(computed.at(entry.block).at(entry.ordinal) == entry.key);
    keys.push_back(entry.key);
  }
  return keys;
}

std::vector<ObjectKey> sorted_keys(const std::vector<Bytes>& chunks) {
  std::vector<ObjectKey> keys;
  for (const Bytes& chunk : chunks) keys.push_back(chunk_key(chunk));
  std::sort(keys.begin(), keys.end(), key_less);
  return keys;
}

const std::vector<Bytes> k_first{prose(9000, 1), noise(5000, 2)};
const std::vector<Bytes> k_second{noise(70'000, 3)};
const std::vector<Bytes> k_third{prose(20'000, 4), prose(3, 5)};

std::vector<Bytes> joined(std::initializer_list<std::vector<Bytes>> groups) {
  std::vector<Bytes> all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

void append_all(PackWriter& writer) {
  writer.append(block_of(k_first));
  writer.append(block_of(k_second));
  writer.append(block_of(k_third));
}

const std::string k_unsealed = std::string("repo/") + layout::k_pack_temporary;

}  // namespace

TEST_CASE("a sealed pack has its footer's hash as name and gives every object back") {
  TestRepository repository;
  PackWriter writer(*repository, repository->fd(), true);
  CHECK(writer.empty());
  append_all(writer);
  CHECK(repository.scratch.exists(k_unsealed));
  const CatalogPack pack = writer.seal();
  CHECK_FALSE(repository.scratch.exists(k_unsealed));
  CHECK(writer.empty());
  CHECK(writer.size() == 0);
  CHECK(pack.objects == 5);
  CHECK(repository.read(layout::pack_path(pack.id)).size() == pack.size);
  CHECK(checked_keys(*repository, pack.id) == sorted_keys(joined({k_first, k_second, k_third})));

  struct stat status {};
  REQUIRE(::fstatat(repository->fd(), layout::pack_path(pack.id).c_str(), &status, 0) == 0);
  CHECK(static_cast<std::uint64_t>(status.st_blocks) * 512 <
        pack.size + (64u << 10));  // the reservation is given back

  writer.append(block_of(k_second));
  CHECK(checked_keys(*repository, writer.seal().id) == sorted_keys(k_second));
}

TEST_CASE("the same blocks make the same pack, and a damaged namesake heals") {
  TestRepository repository;
  const CatalogPack first = publish_chunks(*repository, k_first);
  const std::string path = layout::pack_path(first.id);
  const std::string content = repository.read(path);
  flip(repository, path, k_pack_header_size + k_block_prefix_size + 40);
  CHECK(publish_chunks(*repository, k_first) == first);
  CHECK(repository.read(path) == content);
  CHECK(repository.files_in("packs").size() == 1);
}

TEST_CASE("a pack with any byte changed is refused where the byte is") {
  TestRepository repository;
  const CatalogPack pack = publish_pack(*repository, {block_of(k_first), block_of({prose(100, 9)})});
  const std::string path = layout::pack_path(pack.id);
  const std::string content = repository.read(path);
  for (std::size_t offset = 0; offset < content.size();
       offset += offset < 200 || offset + 300 > content.size() ? 1 : 61) {
    std::string damaged = content;
    damaged[offset] = static_cast<char>(damaged[offset] ^ 1);
    repository.write(path, damaged);
    const auto error = error_of([&] {
      const auto file = open_pack(*repository, pack.id);
      const FooterView footer(file->footer, FooterView::Verify::no);
      read_stored_block(*file, footer.block_offset(0), footer.block_offset(1));
      read_stored_block(*file, footer.block_offset(1), file->footer_offset);
    });
    INFO("offset " << offset);
    REQUIRE(error);
    const bool newer = error->kind() == ErrorKind::newer_format && offset < k_pack_header_size;
    CHECK((error->kind() == ErrorKind::corrupt || newer));
    CHECK(error->message().find(pack.id.short_hex()) != std::string::npos);
  }
}

TEST_CASE("a pack is full at its number of objects, which no block takes it past") {
  TestRepository repository;
  PackWriter writer(*repository, repository->fd(), false);
  EncodedBlock block;
  block.bytes = Bytes(10);
  block.keys.resize(k_max_block_objects - 1);
  for (std::uint32_t i = 0; i < k_pack_object_limit / k_max_block_objects; ++i) {
    CHECK(writer.fits(block));
    writer.append(block);
  }
  CHECK_FALSE(writer.full());
  CHECK_FALSE(writer.fits(block));
  block.keys.resize(k_pack_object_limit / k_max_block_objects);
  CHECK(writer.fits(block));
  writer.append(block);
  CHECK(writer.full());
  writer.discard();
  CHECK_FALSE(repository.scratch.exists(k_unsealed));
}

TEST_CASE("salvage keeps the longest good prefix of an unsealed pack") {
  TestRepository repository;
  std::uint64_t good = 0;
  std::uint64_t end = 0;
  {
    PackWriter writer(*repository, repository->fd(), true);
    writer.append(block_of(k_first));
    writer.append(block_of(k_second));
    good = writer.size();
    writer.append(block_of(k_third));
    end = writer.size();
  }
  std::string content = repository.scratch.read(k_unsealed);
  REQUIRE(content.size() == end);
  std::vector<Bytes> expected = joined({k_first, k_second});
  SUBCASE("a block is torn") { content.resize(end - 1); }
  SUBCASE("a header is torn") { content.resize(good + k_block_prefix_size + 1); }
  SUBCASE("nothing follows") { content.resize(good); }
  SUBCASE("rubbish follows") { content = content.substr(0, good) + std::string(5000, 'x'); }
  SUBCASE("zeros follow") { content = content.substr(0, good) + std::string(5000, '\0'); }
  SUBCASE("the last payload is wrong") { content[end - 1] = static_cast<char>(content[end - 1] ^ 1); }
  SUBCASE("all is good") { expected = joined({k_first, k_second, k_third}); }
  repository.scratch.write(k_unsealed, content);
  const std::optional<CatalogPack> pack = salvage_pack(*repository, repository->fd());
  REQUIRE(pack);
  CHECK(checked_keys(*repository, pack->id) == sorted_keys(expected));
  CHECK(repository.read(layout::pack_path(pack->id)).size() == pack->size);
  CHECK_FALSE(salvage_pack(*repository, repository->fd()));
}

TEST_CASE("salvage of a pack without a good block removes it") {
  TestRepository repository;
  SUBCASE("empty") { repository.scratch.write(k_unsealed, ""); }
  SUBCASE("header only") {
    const Bytes header = encode_pack_header({});
    repository.scratch.write(k_unsealed, as_text(header));
  }
  SUBCASE("rubbish") { repository.scratch.write(k_unsealed, std::string(1000, 'x')); }
  CHECK_FALSE(salvage_pack(*repository, repository->fd()));
  CHECK_FALSE(repository.scratch.exists(k_unsealed));
  CHECK(repository.files_in("packs").empty());
}

TEST_CASE(
    "sealed packs that the catalog does not name are adopted if they are whole, and never what was merged "
    "away") {
  TestRepository repository;
  const auto seal = [&](const std::vector<Bytes>& chunks) {
    PackWriter writer(*repository, repository->fd(), true);
    writer.append(block_of(chunks));
    return writer.seal();
  };
  const CatalogPack gone = publish_chunks(*repository, k_third);
  const CatalogPack merged = seal({k_third[0], k_third[1], k_second[0]});
  const std::string leftover = repository.read(layout::pack_path(gone.id));
  append_catalog(*repository, {ReplacePacks{.removed = {gone.id}, .added = {merged}}}, {});
  repository.write(layout::pack_path(gone.id), leftover);  // as if the unlink had not happened

  const CatalogPack whole = seal(k_first);
  const CatalogPack torn = seal(k_second);
  flip(repository, layout::pack_path(torn.id), k_pack_header_size + 100);
  repository.write("packs/rubbish", "x");
  CHECK(adopt_unnamed_packs(*repository, {}) == std::vector{whole});
  const CatalogState state = read_catalog(*repository);
  REQUIRE(state.packs.size() == 2);
  CHECK(state.packs[1].pack == whole);
  CHECK(adopt_unnamed_packs(*repository, {}).empty());
  CHECK(repository.scratch.exists("repo/" + layout::pack_path(torn.id)));
}

TEST_CASE(
    "whatever call fails while a pack is written, nothing bad gets its name and salvage goes on from there") {
  const std::vector<ObjectKey> all = sorted_keys(joined({k_first, k_second, k_third}));
  std::uint64_t failures = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    TestRepository repository;
    repository.fs.arm({.nth = nth, .bytes_before = 700});
    const auto error = error_of([&] {
      PackWriter writer(*repository, repository->fd(), true);
      append_all(writer);
      writer.seal();
    });
    const std::uint64_t faults = repository.fs.faults();
    repository.fs.disarm();
    if (faults == 0) break;
    ++failures;
    INFO("call " << nth);
    CHECK(error);
    for (const std::string& name : repository.files_in("packs"))
      CHECK(checked_keys(*repository, *ObjectId::from_hex(name.substr(0, 64))) == all);
    const std::optional<CatalogPack> pack = salvage_pack(*repository, repository->fd());
    if (pack) {
      for (const ObjectKey& key : checked_keys(*repository, pack->id))
        CHECK(std::find(all.begin(), all.end(), key) != all.end());
    }
    CHECK_FALSE(repository.scratch.exists(k_unsealed));
  }
  CHECK(failures >= 8);
}

TEST_CASE("a disk too full to reserve ahead still takes a pack that fits") {
  TestRepository repository;
  repository.fs.arm({.call = FileCall::reserve, .error = ENOSPC, .lasts = FaultLasts::forever});
  PackWriter writer(*repository, repository->fd(), true);
  append_all(writer);
  CHECK(repository.fs.faults() > 0);
  CHECK(checked_keys(*repository, writer.seal().id).size() == 5);
}

TEST_CASE("without syncs the same pack is written") {
  TestRepository repository;
  const CatalogPack durable = publish_chunks(*repository, k_first);
  const std::string content = repository.read(layout::pack_path(durable.id));
  const std::uint64_t syncs = repository.fs.count(FileCall::fdatasync) + repository.fs.count(FileCall::fsync);
  PackWriter writer(*repository, repository->fd(), false);
  writer.append(block_of(k_first));
  CHECK(writer.seal() == durable);
  CHECK(repository.fs.count(FileCall::fdatasync) + repository.fs.count(FileCall::fsync) == syncs);
  CHECK(repository.read(layout::pack_path(durable.id)) == content);
}

}  // namespace store::test
