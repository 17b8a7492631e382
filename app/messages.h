#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/console.h"
#include "base/error.h"
#include "base/mutex.h"
#include "ops/workspace.h"

namespace store {

/// What a run says on standard error: warnings, notes, errors, and the live lines of the progress bars below them.
/// Thread rule: any thread.
class Messages {
 public:
  explicit Messages(Sink& err) : err_(err) {}

  void set_quiet(bool quiet);
  void set_color(bool color);
  /// Columns of the terminal that reads this: what is longer is broken between words, but for what may be typed as it is.
  void set_window(std::function<std::size_t()> columns);

  /// Printed, and kept for the JSON object.
  void warning(const Warning& warning);
  /// Not printed with --quiet.
  void note(std::string_view text);
  /// The message, the paths in the way, and on the last line what to try.
  void error(const Error& error);
  /// A whole line as it is (no control bytes are escaped).
  void line(std::string_view text);

  /// Replaces the live lines; none removes them. Each must fit the terminal, which has `columns` now: where it has become narrower,
  /// it wraps what stands there.
  void show_live(const std::vector<std::string>& lines, std::size_t columns);
  void end_live();
  /// Something else stands where the live lines stood: the next ones are drawn where the cursor is.
  void forget_live();

  std::vector<Warning> warnings() const;

 private:
  void print(std::string_view label, std::string_view color, std::string_view text) STORE_REQUIRES(mutex_);
  /// A sentence, folded.
  void tell(std::string_view label, std::string_view color, std::string_view text) STORE_REQUIRES(mutex_);
  std::string to_first_live() const STORE_REQUIRES(mutex_);
  std::string erase_live() const STORE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Sink& err_ STORE_GUARDED_BY(mutex_);
  bool quiet_ STORE_GUARDED_BY(mutex_) = false;
  bool color_ STORE_GUARDED_BY(mutex_) = false;
  std::function<std::size_t()> window_ STORE_GUARDED_BY(mutex_);
  std::size_t columns_ STORE_GUARDED_BY(mutex_) = 80;
  std::vector<std::string> live_ STORE_GUARDED_BY(mutex_);
  std::vector<Warning> warnings_ STORE_GUARDED_BY(mutex_);
};

}  // namespace store
