#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/console.h"
#include "base/fd.h"

namespace store {

/// A shell command line with arguments appended: sh -c 'COMMAND "$@"' COMMAND ARGUMENT…
struct ChildCommand {
  std::string command;
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {};
  int stdin_fd = 0;
};
/// Error{system} if it cannot be started.
pid_t start_child(const ChildCommand& child);
/// Its exit status; 128 + N if signal N ended it.
int wait_for_child(pid_t pid);

/// Text on its way to a pager. The pager has the terminal until finish().
class Pager {
 public:
  Pager(const std::string& command, std::map<std::string, std::string> environment);
  ~Pager();
  Sink& sink() { return *sink_; }
  /// Sends the rest, and waits until the user has read enough.
  void finish();

 private:
  UniqueFd pipe_;
  std::unique_ptr<FdSink> sink_;
  pid_t pid_ = -1;
};

/// Lets the user write a message: `file` (absolute) is filled with `initial`, edited, read back; a line of the scissors and
/// what is below it are dropped. Error{usage} if the editor fails.
std::string edit_message(const Console& console, const std::string& editor, const std::string& file,
                         const std::string& initial, const std::string& below_scissors);

}  // namespace store
