#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "hash/sha256.h"
#include "repo/publisher.h"
#include "support/fault_file_system.h"
#include "support/scratch.h"
#include "support/unsynced_file_system.h"

namespace store::test {

/// An empty repository in a scratch directory, over a file system that can be made to fail.
struct TestRepository {
  TestRepository() {
    create_repository(fs, scratch.path("repo"), "", "main");
    repository = open();
  }
  std::unique_ptr<Repository> open() { return std::make_unique<Repository>(fs, scratch.path("repo")); }
  Repository& operator*() const { return *repository; }
  const Repository* operator->() const { return repository.get(); }
  Session session() const { return Session::open(*repository, "test", {}); }
  /// Paths of the repository's files in a folder, without the folder.
  std::vector<std::string> files_in(const std::string& folder) const {
    const std::string prefix = "repo/" + folder + "/";
    std::vector<std::string> names;
    for (const std::string& path : scratch.list())
      if (path.starts_with(prefix)) names.push_back(path.substr(prefix.size()));
    return names;
  }
  std::string read(const std::string& name) const { return scratch.read("repo/" + name); }
  void write(const std::string& name, std::string_view content) const {
    scratch.write("repo/" + name, content);
  }

  Scratch scratch;
  UnsyncedFileSystem unsynced;
  FaultFileSystem fs{unsynced};
  std::unique_ptr<Repository> repository;
};

/// SplitMix64 as bytes: incompressible, the same for the same seed.
inline Bytes noise(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    bytes[i] = static_cast<std::byte>((z ^ (z >> 31)) >> (8 * (i % 8)));
  }
  return bytes;
}

/// Words: compresses well, differs from seed to seed.
inline Bytes prose(std::size_t size, std::uint64_t seed) {
  std::string text;
  while (text.size() < size) text += fmt::format("line {} of text {}\n", text.size(), seed);
  text.resize(size);
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

inline ObjectKey chunk_key(ByteView bytes) { return {ObjectType::chunk, sha256(bytes)}; }

inline EncodedBlock block_of(const std::vector<Bytes>& chunks, const CompressionOptions& options = {}) {
  Compressor compressor;
  RawBlock raw;
  for (const Bytes& chunk : chunks) {
    raw.keys.push_back(chunk_key(chunk));
    raw.lengths.push_back(static_cast<std::uint32_t>(chunk.size()));
    raw.bytes.insert(raw.bytes.end(), chunk.begin(), chunk.end());
  }
  return encode_block(raw, compressor, options);
}

/// Seals a pack of one block per element and puts it into the catalog.
inline CatalogPack publish_pack(const Repository& repository, const std::vector<EncodedBlock>& blocks,
                                std::uint8_t flags = 0) {
  PackWriter writer(repository, repository.fd(), true);
  for (const EncodedBlock& block : blocks) writer.append(block);
  CatalogPack pack = writer.seal();
  pack.flags = flags;
  append_catalog(repository, {AddPacks{{pack}}}, {});
  return pack;
}

inline CatalogPack publish_chunks(const Repository& repository, const std::vector<Bytes>& chunks,
                                  std::uint8_t flags = 0) {
  return publish_pack(repository, {block_of(chunks)}, flags);
}

/// `count` packs of one small chunk each, with their catalog record; the chunks' keys.
inline std::vector<ObjectKey> publish_tiny_packs(const Repository& repository, std::size_t count,
                                                 std::uint64_t seed) {
  std::vector<ObjectKey> keys;
  AddPacks record;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes chunk = noise(40, seed + i);
    PackWriter writer(repository, repository.fd(), false);
    writer.append(block_of({chunk}));
    record.packs.push_back(writer.seal());
    keys.push_back(chunk_key(chunk));
  }
  append_catalog(repository, {record}, {});
  return keys;
}

/// Turns one byte of a file round.
inline void flip(const TestRepository& repository, const std::string& name, std::size_t offset) {
  std::string content = repository.read(name);
  REQUIRE(offset < content.size());
  content[offset] = static_cast<char>(content[offset] ^ 0x20);
  repository.write(name, content);
}

template <typename Call>
std::optional<Error> error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// A raw block of one-byte chunks under invented ids: many objects at little cost.
inline EncodedBlock wide_block(std::uint64_t seed) {
  Compressor compressor;
  RawBlock raw;
  raw.bytes = Bytes(k_max_block_objects);
  raw.lengths.assign(k_max_block_objects, 1);
  const Bytes random = noise(32 * std::size_t{k_max_block_objects}, seed);
  for (std::size_t i = 0; i < k_max_block_objects; ++i)
    raw.keys.push_back({ObjectType::chunk, ObjectId::from_bytes(ByteView(random).subspan(32 * i, 32))});
  return encode_block(raw, compressor, {});
}

}  // namespace store::test
