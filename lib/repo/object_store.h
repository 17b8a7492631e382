#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "format/node.h"
#include "repo/block.h"
#include "repo/catalog.h"
#include "repo/pack_file.h"

namespace store {

/// Where an object lies.
struct ObjectLocation {
  ObjectId pack;
  std::uint64_t block_offset = 0;
  std::uint32_t ordinal = 0;
  auto operator<=>(const ObjectLocation&) const = default;
};

/// What readers of content need of a repository; remotes will be further implementations. Any thread.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual std::optional<ObjectLocation> find(const ObjectKey& key) const = 0;
  /// The decoded block at a location, from the cache or the pack; its payload checksum was checked.
  /// Error{corrupt} names pack and offset. A pack that is gone (merged) makes it read the catalog again and
  /// retry once; `key` is what is looked for.
  virtual std::shared_ptr<const DecodedBlock> read_block(const ObjectKey& key,
                                                         ObjectLocation& location) const = 0;
  /// The object's bytes, checked against its id (chunks: SHA-256; commits: commit id; nodes: node id).
  /// Error{corrupt} "missing" if it is not there.
  Bytes read(const ObjectKey& key) const;
  bool contains(const ObjectKey& key) const { return find(key).has_value(); }
  /// A chunk as prefix of a delta: its bytes from a block that has no bases itself. Error{corrupt} if there
  /// is none.
  virtual Bytes read_base(const ObjectId& chunk) const;

 protected:
  /// Called once when read() did not find an object: brings in what may have appeared since; false if nothing
  /// can.
  virtual bool look_again() const { return false; }
};

/// Lookup and reading over the packs of the catalog, through tables and footers. Thread rule: any thread;
/// refresh() and add_pack() too (readers see the old or the new state).
class ObjectStore final : public ObjectReader {
 public:
  struct Options {
    std::uint64_t cache_bytes = 16u << 20;  // LRU of decoded blocks
  };
  ObjectStore(const Repository& repository, const Options& options);
  ~ObjectStore() override;

  std::optional<ObjectLocation> find(const ObjectKey& key) const override;
  std::shared_ptr<const DecodedBlock> read_block(const ObjectKey& key,
                                                 ObjectLocation& location) const override;
  /// Like find(), but never answers from a damaged or unverified pack: what a writer may rely on.
  bool known_for_deduplication(const ObjectKey& key) const;
  Bytes read_base(const ObjectId& chunk) const override;

  /// Reads the catalog again.
  void refresh();
  /// The same, and checks all checksums of what is looked up in; what fails them is left out.
  void refresh_checked();
  /// The catalog as this store knows it.
  std::shared_ptr<const CatalogState> catalog() const;
  /// A pack that this process has just published: found from now on, without reading the catalog again.
  void add_pack(const CatalogPack& pack);

  /// Every key that starts with these hex digits (4–64), at most `limit`; all types if `type` is not given.
  std::vector<ObjectKey> find_prefix(std::string_view hex, std::optional<ObjectType> type,
                                     std::size_t limit) const;

  /// Builds and merges tables so that at most 8 packs are not covered and at most 6 tables exist. Called by
  /// writers after publishing; needs no lock (tables are derived; names are unique; a lost race only costs
  /// work).
  void maintain_tables();

  struct Counters {
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    std::uint64_t blocks_read = 0;
    std::uint64_t bytes_read = 0;
  };
  Counters counters() const;

 private:
  bool look_again() const override;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace store
