#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/fd.h"

namespace store {

/// A program to be run as it is, without a shell.
struct Program {
  std::vector<std::string> words;  // looked for in PATH; at least one
  std::map<std::string, std::string> environment;
  std::string cwd;
  int stdin_fd = -1;       // -1: none, it reads nothing
  int highest_status = 0;  // a higher one is a failure
};

/// What a program writes on its standard output. The end comes when it has ended as it should; else Error{partial} names its
/// status. One that is not needed any more is ended.
class ChildSource final : public ByteSource {
 public:
  /// Error{partial} if it cannot be started.
  ChildSource(const Program& program, const CancelToken* cancel);
  ~ChildSource() override;
  ChildSource(const ChildSource&) = delete;
  ChildSource& operator=(const ChildSource&) = delete;

  std::size_t read(MutableByteView out) override;

 private:
  void wait_for_end();
  std::string name_;
  int highest_status_;
  const CancelToken* cancel_;
  UniqueFd output_;
  std::unique_ptr<FdSource> source_;
  pid_t pid_ = -1;
};

}  // namespace store
