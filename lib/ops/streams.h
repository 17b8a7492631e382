#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "ops/entry_sorter.h"
#include "ops/workspace.h"
#include "pipeline/ingest.h"

namespace store {

/// Content that comes from elsewhere than a directory: standard input, a program, an archive.
struct StreamInput {
  enum class Kind { file, archive };
  Kind kind = Kind::file;
  std::string path;   // of the file; for an archive, of the directory that its members go to; from the root of the tree
  std::string shown;  // what messages call it
  /// Called when its turn has come. What the source throws from then on (but Error{interrupted}) is this input's failure.
  std::function<std::unique_ptr<ByteSource>()> open;
};

/// Where streams go.
struct StreamPorts {
  EntrySorter* entries = nullptr;
  Publisher* publisher = nullptr;  // none: a dry run
  /// Throws if nothing may come to this path. Asked before anything of it is read.
  std::function<void(const std::string& path, EntryKind kind)> check;
  /// What is recorded for a path so far: a path keeps its size class. None: nothing.
  std::function<std::optional<IndexEntry>(const std::string& path)> tracked = {};
  /// False leaves a member of an archive out. None: all are taken.
  std::function<bool(const ScanEntry& member)> accept = {};
  /// The entry of a directory that is needed above `path`, if it is known; else it is made up.
  std::function<std::optional<IndexEntry>(const std::string& directory)> directory = {};
  /// True if the content was at this path before.
  std::function<bool(const IndexEntry& entry)> had = {};
};

struct StreamsResult {
  IngestTotals totals;
  std::vector<PathFailure> failed;
  /// False if an input ended badly: then nothing of any of them may be used. (A member of an archive that links to nothing is only
  /// left out.)
  bool complete = true;
};

/// Reads the inputs, one after the other, through the pipeline: content goes to the publisher, entries (marked `streamed`) to the
/// sorter. Memory is constant.
StreamsResult ingest_streams(const Workspace& workspace, const std::vector<StreamInput>& inputs, const StreamPorts& ports);

}  // namespace store
