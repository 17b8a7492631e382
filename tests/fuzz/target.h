// Fuzz targets: one function per decoder, from hostile bytes to nothing. It throws (or a sanitizer aborts) where a promise is
// broken. libFuzzer runs one of them for hours; an ordinary test replays all that was ever found (replay_test.cpp).
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace store::fuzz {

struct Target {
  std::string_view name;  // of its corpus in tests/fuzz/corpus
  void (*run)(ByteView input);
};

/// All that are linked into this program.
inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

/// A global of this type enters a target.
struct Enter {
  Enter(std::string_view name, void (*run)(ByteView)) { targets().push_back({name, run}); }
};

/// Nobody catches it under libFuzzer, which then shows where it came from.
inline void require(bool promise) {
  if (!promise) throw std::logic_error("a promise is broken");
}

/// Calls, and passes over errors of these kinds: any other one is a finding. True if there was none.
template <typename Call>
bool answers(std::initializer_list<ErrorKind> allowed, Call call) {
  try {
    call();
    return true;
  } catch (const Error& error) {
    for (const ErrorKind kind : allowed)
      if (error.kind() == kind) return false;
    throw std::logic_error(error.message());
  }
}

/// Takes what stands before the first zero byte, and that byte: texts side by side in one input.
inline std::string_view take_text(std::string_view& input) {
  const std::size_t end = input.find('\0');
  const std::string_view text = input.substr(0, end);
  input.remove_prefix(end == input.npos ? input.size() : end + 1);
  return text;
}

}  // namespace store::fuzz
