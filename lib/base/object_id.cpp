#include "base/object_id.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace store {
namespace {

constexpr int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

constexpr ObjectId constant_id(std::string_view hex) {
  ObjectId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::byte>(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
  return id;
}

}  // namespace

// Known at compile time: constants of other files are made from it before main.
constinit const ObjectId k_empty_chunk_id =
    constant_id("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

std::string to_hex(ByteView bytes) {
  static constexpr char k_digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += k_digits[static_cast<unsigned>(byte) >> 4];
    text += k_digits[static_cast<unsigned>(byte) & 15];
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::byte>(high << 4 | low);
  }
  return bytes;
}

std::string ObjectId::hex() const { return to_hex(bytes); }

std::optional<ObjectId> ObjectId::from_hex(std::string_view text) {
  if (text.size() != 64) return std::nullopt;
  const std::optional<Bytes> raw = store::from_hex(text);
  if (!raw) return std::nullopt;
  return from_bytes(*raw);
}

ObjectId ObjectId::from_bytes(ByteView raw) {
  ObjectId id;
  if (raw.size() != id.bytes.size())
    throw Error(ErrorKind::bug, fmt::format("object id of {} bytes", raw.size()));
  std::copy_n(raw.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

std::string_view name_of(ObjectType type) {
  switch (type) {
    case ObjectType::chunk:
      return "chunk";
    case ObjectType::recipe:
      return "recipe";
    case ObjectType::tree:
      return "tree";
    case ObjectType::attributes:
      return "attributes";
    case ObjectType::commit:
      return "commit";
  }
  return "unknown";
}

bool is_object_type(std::uint8_t value) { return value >= 1 && value <= 5; }

}  // namespace store
