#pragma once

#include <string>

#include "base/bytes.h"
#include "base/fd.h"

namespace store {

/// A nameless temporary file for what does not fit into memory: nobody finds it again, its content is no state. In /var/tmp if that
/// can be written to, because /tmp may be memory.
UniqueFd open_spill_file();

/// Texts kept in a spill file, each found again by the position it was given. One thread at a time.
class SpilledTexts {
 public:
  std::uint64_t add(std::string_view text);
  std::string at(std::uint64_t position);

 private:
  void flush();
  UniqueFd file_;
  std::uint64_t written_ = 0;
  Bytes pending_;
};

}  // namespace store
