// Calls that read, refused on request: the linker puts ours in the place of the system's (tests/CMakeLists.txt).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace store::test {

enum class ReadCall { read, pread, fstat, fstatat, readdir, getdents, readlinkat };
inline constexpr int k_read_calls = static_cast<int>(ReadCall::readlinkat) + 1;
const char* name_of(ReadCall call);

/// While it lives, the Nth call of a kind ends with EIO, and with `for_ever` all after it do.
class RefusedReads {
 public:
  RefusedReads(ReadCall call, std::size_t nth, bool for_ever);
  ~RefusedReads();
  /// How often that happened.
  std::size_t count() const;
  /// What they were about: paths, or names in a directory.
  const std::vector<std::string>& about() const;
};

/// True if this call is to be refused; then errno is set. `fd` or `name` says what it is about.
bool is_refused(ReadCall call, int fd, const char* name);

}  // namespace store::test
