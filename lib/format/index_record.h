#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "format/tree.h"
#include "hash/checksum_stream.h"

namespace store {

/// What tells an unchanged file: recorded from statx. Nanoseconds since the epoch.
struct StatKey {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  bool operator==(const StatKey&) const = default;
};

inline constexpr std::size_t k_max_index_metadata = 32000;

/// One path of the index. A directory's `id` is its tree while nothing below changed, zero otherwise.
struct IndexEntry {
  std::string path;  // from the root of the tree, "" is the root directory
  EntryKind kind = EntryKind::file;
  std::uint16_t mode = 0;
  std::uint64_t size = 0;    // as in the tree entry
  std::uint64_t chunks = 0;  // chunk references in a file's content
  ObjectId id;
  ObjectId attributes;  // of a directory, while known: the attributes of what is in it; never without `id`
  StatKey stat;         // all zero: unknown
  std::uint8_t size_class = 0;  // how a file's content is cut: 1 small, 2 medium, 3 large, 4 huge; 0 not recorded
  Bytes metadata;       // what else is known of it (format/index_metadata.h); empty: nothing
  bool racy = false;
  bool streamed = false;
  bool removed = false;  // in a log batch only: the path is gone; nothing but the path is recorded then
  bool operator==(const IndexEntry&) const = default;
};

/// What a tree has of an index entry; a directory's id is zero if something below it changed.
TreeEntry tree_entry_of(const IndexEntry& entry);
/// What the index knows of a tree's entry at `path`: no stat, no metadata and no count of chunks.
IndexEntry index_entry_of(std::string path, const TreeEntry& entry);

/// A self-delimiting record as the log holds it (full path).
void append_index_record(const IndexEntry& entry, Bytes& out);

/// One batch of index.log: any number of records in path order between a header and an end mark with a checksum
/// over the batch; it is written as a stream, so the count and the checksum stand at the end.
class IndexBatchWriter {
 public:
  explicit IndexBatchWriter(Bytes& out);  // appends the batch header
  void add(const IndexEntry& entry);      // appends a record to `out` (the caller drains it as it likes)
  void finish();                          // appends the end mark
 private:
  void seal(std::size_t from);
  Bytes& out_;
  std::uint64_t count_ = 0;
  Xxh3Stream checksum_;
};

/// Reads one complete batch at the start of `bytes`. Nothing if the batch has no valid end mark: it does not exist.
/// Error{newer_format} for a batch of a later version.
struct IndexBatch {
  std::size_t size = 0;
  // Path and encoded record (decode_index_record) of each entry: views into `bytes`.
  std::vector<std::pair<std::string_view, ByteView>> records;
};
std::optional<IndexBatch> read_index_batch(ByteView bytes);
IndexEntry decode_index_record(ByteView record);
/// Where in a damaged log the first complete batch begins, the size of `bytes` if there is none.
std::size_t find_index_batch(ByteView bytes);

/// index.base: header, blocks of prefix-compressed records (16 per restart), block offsets, trailer.
/// Written front to back.
class IndexBaseWriter {
 public:
  using Write = std::function<void(ByteView)>;
  explicit IndexBaseWriter(Write write);
  void add(const IndexEntry& entry);  // ascending in path order
  void finish();

 private:
  void end_block();
  Write write_;
  Bytes block_;
  std::uint8_t in_block_ = 0;
  std::string last_path_;
  std::uint64_t count_ = 0;
  std::uint64_t position_ = 0;
  std::vector<std::uint64_t> offsets_;  // 8 bytes for 16 entries
};

/// A mapped index.base; no bytes at all are an index without entries. Each block's checksum is checked whenever
/// the block is looked at, with Error{corrupt}. Any thread.
class IndexBaseView {
 public:
  explicit IndexBaseView(ByteView base);
  std::uint64_t size() const { return count_; }  // entries
  /// A position in path order. Copyable; one thread at a time.
  class Cursor {
   public:
    bool at_end() const { return in_block_ == entries_; }
    const IndexEntry& entry() const { return decoded_[in_block_]; }
    void next();

   private:
    friend class IndexBaseView;
    const IndexBaseView* base_ = nullptr;
    std::size_t block_ = 0;  // the one that is decoded
    std::vector<IndexEntry> decoded_;  // of them as many as `entries_`: none at the end
    std::string last_path_;            // of the block before
    std::size_t entries_ = 0;
    std::size_t in_block_ = 0;
    void enter(std::size_t block);
  };
  /// First entry whose path is not below `path`.
  Cursor seek(std::string_view path) const;
  /// The first entry of the path or of one below it, if there is any. Of those before it only the paths are decoded.
  std::optional<IndexEntry> first_within(std::string_view path) const;

 private:
  std::size_t block_of(std::string_view path) const;
  ByteView block(std::size_t index) const;
  std::string_view first_path(std::size_t block) const;
  ByteView base_;
  std::uint64_t count_ = 0;
  std::size_t blocks_ = 0;
  std::size_t offsets_at_ = 0;
};

}  // namespace store
