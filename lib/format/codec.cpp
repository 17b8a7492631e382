#include "format/codec.h"

#include <limits>

namespace store {
namespace {

int upper_hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

void put_text(ByteWriter& out, std::string_view text) {
  out.u32(count_u32(text.size()));
  out.raw(text);
}

std::string get_text(ByteReader& in) {
  const std::uint32_t length = in.u32();
  return std::string(in.text(length));
}

std::uint32_t get_count(ByteReader& in, std::size_t item_size) {
  const std::uint32_t count = in.u32();
  if (count > in.remaining() / item_size) in.fail("count exceeds the record");
  return count;
}

std::uint32_t count_u32(std::size_t count) {
  if (count > std::numeric_limits<std::uint32_t>::max()) throw_bug("record: count exceeds 32 bits");
  return static_cast<std::uint32_t>(count);
}

void throw_bug(std::string message) { throw Error(ErrorKind::bug, std::move(message)); }

std::string percent_escape(std::string_view text, Angles angles) {
  static constexpr char k_digits[] = "0123456789ABCDEF";
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool angle = angles == Angles::escape && (c == '<' || c == '>');
    if (byte < 0x20 || byte == 0x7f || c == '%' || angle) {
      escaped += '%';
      escaped += k_digits[byte >> 4];
      escaped += k_digits[byte & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::optional<std::string> percent_unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = upper_hex_value(text[i + 1]);
    const int low = upper_hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    plain += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return plain;
}

}  // namespace store
