// The stages of ingest() as functions on one item; private to the pipeline. ingest.cpp drives them, with TBB or in a loop.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "format/recipe.h"
#include "pipeline/ingest.h"
#include "pipeline/threads.h"
#include "repo/key_set.h"
#include "worktree/index.h"
#include "worktree/source.h"

namespace store {

/// A large file between its first and its last window. Each field belongs to the stage named.
struct LargeFile {
  LargeFile(const ContentProfile& how, NodeBuilder::Sink sink)
      : profile(how), chunker(how.chunking), recipe(std::move(sink)) {}
  ContentProfile profile;
  IngestInput input;
  SourceFile source;                  // source stage opens, read stage reads; none of a stream
  AttributeValues values;             // source stage
  Bytes head;                         // plan: the first bytes of a stream, read to see that it is large
  std::int64_t read_started_ns = 0;
  std::uint64_t resumed_bytes = 0;    // source: content that an earlier run finished
  std::vector<JournalNode> resumed;
  Chunker chunker;                    // chunk stage
  Bytes carry;                        // chunk stage: bytes of the chunk that is not cut yet
  RecipeBuilder recipe;               // assemble stage, this and below
  std::uint64_t node_offset = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  bool any_new = false;
  bool dropped = false;   // a window could not be read: the rest is read for nothing
};

/// A stretch of content that became one chunk or a run of zeros.
struct Segment {
  std::size_t offset = 0;     // in the item's buffer
  std::uint64_t length = 0;
  bool zeros = false;
  bool found = false;         // in the repository when it was hashed
  ObjectId id;
};

/// A small file, symlink or passed entry in a batch.
struct SmallItem {
  IngestInput input;
  std::size_t offset = 0;
  std::size_t length = 0;
  Bytes own;                  // content that did not fit the plan: a file that grew
  bool mapped = false;
  bool changed = false;       // while it was read
  bool outgrew = false;       // became a large file meanwhile
  AttributeValues values;
  std::optional<Error> failure;
};

/// A batch of small items, or a window of a large file.
struct IngestItem {
  MutableByteView buffer;        // lent: before plan() the room there is, then what was planned of it
  std::size_t window_begin = 0;  // in the buffer; before it is room for a carried chunk
  std::vector<SmallItem> batch;
  std::shared_ptr<LargeFile> file;
  std::uint64_t offset = 0;    // of the window in the file
  std::uint64_t length = 0;    // data bytes, planned; then read
  std::uint64_t zeros = 0;     // a hole of this length instead of data
  std::uint64_t counted = 0;   // bytes of streams: progress knows them since they were read
  bool last = false;
  bool mapped = false;
  bool end = false;            // of the whole ingest
  std::optional<Error> failure;  // of this window
  bool changed = false;
  std::vector<Segment> segments;
  std::uint64_t generation = 0;  // number of packs sealed when `found` was asked
  std::vector<RawBlock> closed;
  std::vector<EncodedBlock> encoded;
  std::vector<IngestResult> results;
  std::vector<PathFailure> failures;
  std::vector<std::string> changed_files;  // for another attempt
  std::vector<JournalRecord> journal;
};

/// How large the packs would be that a dry run does not write.
class PackEstimate {
 public:
  void append(const EncodedBlock& block);
  /// Bytes of all packs, the open one sealed.
  std::uint64_t finish();

 private:
  std::uint64_t sealed_ = 0;
  std::uint64_t open_ = 0;
  std::size_t blocks_ = 0;
  std::size_t objects_ = 0;
};

class IngestStages {
 public:
  IngestStages(int root_fd, ObjectStore& objects, const IngestPorts& ports, const IngestOptions& options);

  /// Serial. Fills the next item, for which there is at least least_room(); false at the end (after one item marked `end`).
  bool plan(IngestItem& item);
  /// Parallel.
  void read(IngestItem& item) const;
  /// Serial, in order.
  void chunk(IngestItem& item);
  /// Parallel.
  void hash(IngestItem& item) const;
  /// Serial, in order: deduplicates, grows recipes, assembles blocks.
  void assemble(IngestItem& item);
  /// Parallel.
  void compress(IngestItem& item, Compressor& compressor) const;
  /// Serial, in order.
  void append(IngestItem& item);

  const IngestTotals& totals() const { return totals_; }
  /// Bytes that no item needs more than, and that every item can do with.
  std::size_t most_room() const { return headroom_ + std::max<std::size_t>(options_.window, head_capacity()); }
  std::size_t least_room() const { return headroom_ + head_capacity(); }
  /// Groups of items that may be between plan() and append() at once. Each weighs its buffer, and on average one block before and one
  /// after compression. The other half of the budget is for keys and footer of the open pack: 262,144 objects at 127 bytes at most.
  std::size_t loads_in_flight() const {
    if (options_.threads <= 1) return 1;
    return std::max(2u, affordable(2 * options_.threads + 1, options_.memory / 2, most_room() + 2ULL * options_.most_block()));
  }

 private:
  bool plan_batch(IngestItem& item);
  bool plan_window(IngestItem& item);
  bool plan_stream_window(IngestItem& item);
  void read_stream_head();
  std::size_t read_stream(const IngestInput& input, MutableByteView out) const;
  std::size_t head_capacity() const { return headroom_ + 1; }
  ContentProfile profile_of(const IngestInput& input) const {
    return input.profile.value_or(ContentProfile{options_.chunking, options_.inline_threshold});
  }
  bool start_large_file(IngestInput input, std::optional<Error>& failure);
  std::shared_ptr<LargeFile> new_large_file(const IngestInput& input);
  void read_batch(IngestItem& item) const;
  void read_group(std::span<SmallItem> group, IngestItem& item, std::size_t& used) const;
  void read_small(int directory_fd, SmallItem& small, SourceFile source, IngestItem& item, std::size_t& used) const;
  void read_symlink(int directory_fd, SmallItem& small) const;
  void read_window(IngestItem& item) const;
  Bytes capture(const FilePlace& file, const ScanEntry& found, const IngestInput& input, AttributeValues& values) const;
  void capture_unread(int directory_fd, SmallItem& small) const;
  void put_values(const std::string& path, AttributeValues& values, IngestItem& item);
  void chunk_window(IngestItem& item);
  void assemble_batch(IngestItem& item);
  void assemble_window(IngestItem& item);
  void finish_large_file(IngestItem& item);
  void fail(const std::string& path, const Error& error, IngestItem& item) const;
  bool put(const ObjectKey& key, ByteView bytes, bool found, IngestItem& item);
  void on_node(LargeFile& file, const NodeBuilder::Built& built);
  void forget_sealed();

  int root_fd_;
  ObjectStore& objects_;
  const IngestPorts& ports_;
  IngestOptions options_;
  std::size_t headroom_;                // room for a carried chunk before a window
  IngestTotals totals_;
  // plan
  std::optional<IngestInput> ahead_;
  std::optional<Bytes> head_;           // of `ahead_` if that is a stream: up to one byte more than a small file may have
  Buffer head_buffer_;
  bool exhausted_ = false;
  bool ended_ = false;
  std::shared_ptr<LargeFile> planned_;  // the large file whose windows are being handed out
  std::uint64_t planned_offset_ = 0;
  // assemble
  mutable BlockMemory block_memory_;    // this stage and those after it
  BlockAssembler assembler_{&block_memory_};
  KeySet seen_;  // perhaps not yet found through the store
  std::atomic<std::uint64_t> sealed_packs_{0};
  PackEstimate estimate_;
  IngestItem* current_ = nullptr;       // the item that assemble works on, for the recipe's sink
};

}  // namespace store
