// Small records that people may look at: "store KIND v1", lines "key value" with percent escapes, and a last line
// with the XXH3-64 of everything before it; private to format. docs/format.md "Text records".
#pragma once

#include <string>

#include "base/bytes.h"

namespace store {

class TextRecordWriter {
 public:
  explicit TextRecordWriter(std::string_view kind);
  void line(std::string_view key, std::string_view value);
  /// The whole text.
  std::string finish();

 private:
  std::string text_;
};

class TextRecordReader {
 public:
  /// Checks checksum and first line. `what` names the record in messages.
  TextRecordReader(std::string_view kind, std::string what, std::string_view text);
  bool next_is(std::string_view key) const;
  /// The value of the next line, which must have this key; Error{corrupt} otherwise.
  std::string line(std::string_view key);
  void expect_end() const;
  [[noreturn]] void fail(std::string_view message) const;

 private:
  std::string what_;
  std::string_view rest_;
};

}  // namespace store
