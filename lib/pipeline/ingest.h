#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chunk/chunker.h"
#include "pipeline/progress.h"
#include "repo/publisher.h"
#include "worktree/scanner.h"
#include "worktree/source.h"

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

}  // namespace store
