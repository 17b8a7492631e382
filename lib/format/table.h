#pragma once

#include <functional>
#include <vector>

#include "format/pack.h"
#include "hash/checksum_stream.h"

namespace store {

/// Where an object lies: 48 bytes in a table.
struct TableEntry {
  ObjectKey key;
  std::uint8_t flags = 0;
  std::uint32_t pack = 0;          // index into the table's list of packs
  std::uint32_t block_offset = 0;  // packs end shortly after 1 GiB
  std::uint32_t ordinal = 0;
  bool operator==(const TableEntry&) const = default;
};

/// Writes a table front to back: entries in key order (an object that lies in two packs may stand twice) go to
/// `write`; only the Bloom filter (12 bits per entry, blocks of one 64-byte cache line) is kept until the end.
class TableWriter {
 public:
  using Write = std::function<void(ByteView)>;
  TableWriter(std::vector<ObjectId> packs, std::uint64_t entry_count, Write write);
  void add(const TableEntry& entry);
  /// Filter, trailer, checksum. Exactly `entry_count` entries must have been added.
  void finish();

 private:
  std::size_t packs_;
  std::uint64_t expected_;
  std::uint64_t added_ = 0;
  ObjectKey last_;
  Bytes filter_;
  Write write_;
  Bytes pending_;  // not yet given to `write`
  Xxh3Stream checksum_;
  std::uint64_t written_ = 0;
  void flush();
};

/// A mapped table. Thread rule: immutable, any thread.
class TableView {
 public:
  /// Error{corrupt} if the frame is wrong or the checksum differs, which `Verify::no` does not compute;
  /// Error{newer_format}.
  TableView(ByteView table, FooterView::Verify verify);
  const std::vector<ObjectId>& packs() const { return packs_; }
  std::size_t size() const { return count_; }
  TableEntry entry(std::size_t index) const;
  /// Asks the filter first: a miss touches one cache line.
  std::optional<TableEntry> find(const ObjectKey& key) const;
  /// Index of the first entry whose key is not below `key`.
  std::size_t lower_bound(const ObjectKey& key) const;

 private:
  ByteView table_;
  std::vector<ObjectId> packs_;
  std::size_t count_ = 0;
  std::size_t entries_offset_ = 0;
  ByteView filter_;
};

}  // namespace store
