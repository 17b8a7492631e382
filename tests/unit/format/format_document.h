// The fenced blocks of docs/format.md that tests compare with the code. Set STORE_ACCEPT=1 to write what the code
// prints into the document instead, then read the difference before committing it.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "base/bytes.h"

namespace store::testing {

/// Lines "OFFSET  16 bytes in hex  |text|", as hexdump -C prints them but for its last line.
inline std::string hexdump(ByteView bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    std::string hex, ascii;
    for (std::size_t i = at; i < at + 16; ++i) {
      if (i % 8 == 0) hex += ' ';
      if (i >= bytes.size()) {
        hex += "   ";
        continue;
      }
      const auto byte = static_cast<unsigned char>(bytes[i]);
      hex += fmt::format("{:02x} ", byte);
      ascii += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    text += fmt::format("{:08x} {} |{}|\n", at, hex, ascii);
  }
  return text;
}

class FormatDocument {
 public:
  FormatDocument() {
    std::ifstream file(k_path);
    REQUIRE_MESSAGE(file.good(), k_path);
    std::stringstream content;
    content << file.rdbuf();
    text_ = content.str();
  }

  /// Compares the block opened by "```KIND NAME" with what the code says.
  void expect(std::string_view kind, std::string_view name, const std::string& actual) {
    const std::string fence = fmt::format("\n```{} {}\n", kind, name);
    const std::size_t open = text_.find(fence);
    REQUIRE_MESSAGE(open != std::string::npos, "docs/format.md has no block ", kind, " ", name);
    const std::size_t start = open + fence.size();
    const std::size_t end = text_.find("```", start);
    REQUIRE(end != std::string::npos);
    ++compared_[std::string(kind)];
    if (std::getenv("STORE_ACCEPT") != nullptr) {
      text_.replace(start, end - start, actual);
      return;
    }
    const std::string documented = text_.substr(start, end - start);
    CHECK_MESSAGE(documented == actual, kind, " ", name, ": the code says\n", actual);
  }

  /// No block of this kind was left without a comparison. Writes the document back when accepting.
  void expect_all_compared(std::string_view kind) {
    std::size_t blocks = 0;
    const std::string fence = fmt::format("\n```{} ", kind);
    for (std::size_t at = text_.find(fence); at != std::string::npos; at = text_.find(fence, at + 1)) ++blocks;
    CHECK(compared_[std::string(kind)] == blocks);
    if (std::getenv("STORE_ACCEPT") != nullptr) std::ofstream(k_path) << text_;
  }

 private:
  static constexpr const char* k_path = STORE_SOURCE_DIR "/docs/format.md";
  std::string text_;
  std::map<std::string, std::size_t> compared_;
};

}  // namespace store::testing
