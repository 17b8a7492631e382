#include "app/quote.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace store {
namespace {

/// The letter of git's C escapes; 0 if the byte has none.
char escape_letter(char c) {
  constexpr std::string_view k_bytes = "\a\b\t\n\v\f\r\"\\";
  constexpr std::string_view k_letters = "abtnvfr\"\\";
  const std::size_t at = k_bytes.find(c);
  return at == k_bytes.npos ? '\0' : k_letters[at];
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string c_quoted(std::string_view path) {
  const bool plain = std::none_of(path.begin(), path.end(), [](char c) {
    return c == ' ' || is_control(c) || escape_letter(c) != '\0';
  });
  if (plain) return std::string(path);
  std::string out = "\"";
  for (const char c : path) {
    if (const char letter = escape_letter(c))
      out += {'\\', letter};
    else if (is_control(c))
      out += fmt::format("\\{:03o}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      out += c;
  }
  return out + "\"";
}

std::string mode_text(unsigned mode) { return fmt::format("{:04o}", mode); }

std::string counted(std::uint64_t count, std::string_view noun) {
  return human_count(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace store
