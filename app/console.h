// app: words in, words out. It turns the command line into the options structs of lib/ops and their results into text or
// JSON. Flow: process (descriptors, signals) → cli (one run) → parser (table of options) → cmd_*.cpp → sinks.
// No format, hashing or threading code lives here, apart from the timer that samples progress counters.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"

namespace store {

class JobControl;

/// Where output goes. One thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Throws Error: no_space or system by errno; interrupted carrying SIGPIPE when nobody reads any more.
  virtual void write(std::string_view text) = 0;
  virtual void flush() {}
};

/// Keeps everything, for tests.
class StringSink final : public Sink {
 public:
  void write(std::string_view text) override { text_ += text; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

enum class WriteErrors { report, ignore };

/// A descriptor that somebody else owns, buffered. Bytes still in the buffer when it is destroyed are lost: flush().
class FdSink final : public Sink {
 public:
  FdSink(int fd, std::string name, WriteErrors errors, std::size_t buffer_size);
  void write(std::string_view text) override;
  void flush() override;

 private:
  void write_all(std::string_view text);
  int fd_;
  std::string name_;
  WriteErrors errors_;
  std::size_t buffer_size_;
  std::string buffer_;
};

/// Everything that a run takes from its surroundings; a test fills it with its own.
struct Console {
  Sink* out = nullptr;
  Sink* err = nullptr;
  std::map<std::string, std::string> environment;
  std::string cwd;  // absolute
  int stdin_fd = 0;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  const CancelToken* cancel = nullptr;                  // set by SIGINT, SIGTERM, SIGHUP
  const std::atomic<unsigned>* line_requests = nullptr; // counted up by SIGUSR1
  JobControl* jobs = nullptr;                           // none: nobody stops it

  /// An environment variable that is set and not empty.
  std::optional<std::string> variable(const std::string& name) const;
};

}  // namespace store
