#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/byte_source.h"
#include "base/cancel.h"
#include "chunk/chunker.h"
#include "pipeline/progress.h"
#include "pipeline/resume.h"
#include "repo/publisher.h"
#include "worktree/capture.h"
#include "worktree/scanner.h"

namespace store {

/// Figures of one ingest, as cli contract §5 names them.
struct IngestTotals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unchanged_files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t chunks = 0;
  std::uint64_t new_chunks = 0;
  std::uint64_t new_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t mapped_bytes = 0;
  std::uint64_t streamed_bytes = 0;
  std::uint64_t cache_hits = 0;    // unchanged by stat
  std::uint64_t cache_misses = 0;  // had to be read
};

/// How a file's content is cut.
struct ContentProfile {
  ChunkParameters chunking;
  std::uint64_t inline_threshold = 64u << 10;  // files up to this size are one chunk; at most chunking.max
};

/// Contents of the extended attributes that an entry names as chunks: stored before the entry is used.
struct AttributeValues {
  std::vector<Bytes> chunks;
  bool too_long = false;  // extended attributes had to be left out
};

/// One path on its way in. `entry` comes with path, kind, mode and stat; what is read fills in size, id and chunks.
struct IngestInput {
  enum class Action {
    pass,     // nothing to read: `entry` is the result (directories, fifos, removals)
    file,     // read, chunk, store
    symlink,  // store the target
    stream,   // store what `stream` gives until it ends: a regular file's content, or a symlink's target
  };
  /// Attributes are captured anew and go into `entry.metadata`, which comes with what the index says so far. Then `found` is what
  /// the walk saw.
  enum class Capture : bool { no, yes };
  Action action = Action::pass;
  Capture capture = Capture::no;
  IndexEntry entry;
  std::optional<ContentProfile> profile = {};  // nothing: that of the options
  ScanEntry found = {};
  AttributeValues values = {};  // of attributes that come with the entry
  std::int64_t known_mtime_ns = 0;  // of the file when `entry.metadata` was recorded
  std::uint64_t disk_blocks = 0;  // 512-byte units on disk: fewer than the size needs = look for holes
  std::shared_ptr<ByteSource> stream = {};  // read to its end before the next input is asked for; what it throws ends the ingest
};

/// One path on its way out.
struct IngestResult {
  IndexEntry entry;
  bool known = false;  // everything in the file was in the repository already
  bool read = false;   // false: passed through
};

struct IngestOptions {
  ChunkParameters chunking;
  std::uint64_t inline_threshold = 64u << 10;       // files up to this size are one chunk
  std::uint32_t largest_chunk = 0;                  // of all profiles that inputs come with, if it is over chunking.max
  CompressionOptions compression;
  unsigned threads = 1;                             // 1: no TBB at all, the stages run in a loop
  std::uint64_t memory = 64u << 20;                 // budget for everything in flight
  std::uint64_t batch_files = 100;
  std::uint64_t window = 1u << 20;                  // bytes of a large file, and of small files, in one item
  std::uint64_t memory_map_threshold = 10u << 20;   // larger files are read through mapped windows
  bool read_ahead = true;
  MetadataSelection metadata;                       // attributes to capture
  const CancelToken* cancel = nullptr;
  Progress* progress = nullptr;

  /// Bytes of content, the most that one chunk has.
  std::uint32_t most_chunk() const {
    return std::max({chunking.max, static_cast<std::uint32_t>(inline_threshold), largest_chunk});
  }
  /// Bytes, the most that one block has: a chunk beyond the usual size gets a block alone.
  std::uint32_t most_block() const { return std::max(most_chunk(), k_data_block_size); }
};

/// Where an ingest gets its work from and where its results go.
struct IngestPorts {
  /// Inputs in path order. One thread at a time, but not always the same one.
  std::function<std::optional<IngestInput>()> next;
  /// Results in path order.
  std::function<void(const IngestResult&)> done;
  /// An input that could not be read, or changed while it was read.
  std::function<void(PathFailure)> failed;
  /// A large file that changed while it was read, or a file that crossed the border between small and large: it is left out, for
  /// another attempt. Without this port a large file is recorded as it was read, and both are reported to `failed`. (Files that stay
  /// small are read again on the spot.)
  std::function<void(const std::string& path)> changed = {};
  /// What could not be read is handed to `done`, too, as removed.
  bool forget_failed = false;
  /// Encoded blocks go here; nothing for a dry run, which only adds up their sizes.
  Publisher* publisher = nullptr;
  JournalWriter* journal = nullptr;
  ResumeJournals* resume = nullptr;
};

/// The pipeline of design §4: read (parallel) → chunk (in order) → SHA-256 (parallel) → deduplicate, assemble blocks (in order)
/// → compress (parallel) → append (in order). Memory is bounded by the number of items in flight. Ids and blocks depend on
/// inputs, options and the catalog at the start only, never on scheduling. On return every block was appended, but the publisher is
/// not finished. Throws what a stage throws (Error), after the others have stopped.
IngestTotals ingest(int root_fd, ObjectStore& objects, const IngestPorts& ports, const IngestOptions& options);

}  // namespace store
