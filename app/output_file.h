#pragma once

#include <string>

#include "base/bytes.h"
#include "base/fd.h"

namespace store {

/// A file named by -o: it appears complete or not at all. What is no regular file (a device, a fifo) is written directly.
class OutputFile {
 public:
  /// `path` is absolute. Error if it cannot be made; Error{usage} for a directory.
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(ByteView bytes);
  /// Syncs, and gives it its name.
  void commit();

 private:
  std::string path_;
  std::string temporary_;  // empty: written directly
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace store
