#pragma once

#include <array>
#include <compare>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace store {

/// A SHA-256 value naming an object (design: docs/format.md "Ids"). All zero means "no object".
struct ObjectId {
  std::array<std::byte, 32> bytes{};

  // Of std::array they would compare byte by byte.
  bool operator==(const ObjectId& other) const { return std::memcmp(bytes.data(), other.bytes.data(), bytes.size()) == 0; }
  std::strong_ordering operator<=>(const ObjectId& other) const {
    return std::memcmp(bytes.data(), other.bytes.data(), bytes.size()) <=> 0;
  }
  bool is_zero() const { return *this == ObjectId{}; }
  ByteView view() const { return bytes; }
  /// 64 lower-case hex digits.
  std::string hex() const;
  /// The first `digits` of hex(); people see at least 10.
  std::string short_hex(std::size_t digits = 10) const { return hex().substr(0, digits); }
  /// Exactly 64 lower-case hex digits, or nothing.
  static std::optional<ObjectId> from_hex(std::string_view text);
  /// Exactly 32 bytes; fewer or more is Error{bug}.
  static ObjectId from_bytes(ByteView raw);
};

/// What an id names. Part of every lookup key, block header and table. Do not renumber.
enum class ObjectType : std::uint8_t { chunk = 1, recipe = 2, tree = 3, attributes = 4, commit = 5 };

/// "chunk", "recipe", "tree", "attributes" or "commit".
std::string_view name_of(ObjectType type);
bool is_object_type(std::uint8_t value);

/// The key of an object: a lookup asks for a type and never answers with another one.
struct ObjectKey {
  ObjectType type{};
  ObjectId id;
  auto operator<=>(const ObjectKey&) const = default;
};

/// SHA-256 of no bytes: the id of the empty chunk, which is never stored nor looked up.
extern const ObjectId k_empty_chunk_id;

/// Ids are uniform, so their first bytes are a hash.
struct ObjectKeyHash {
  std::size_t operator()(const ObjectKey& key) const noexcept {
    std::size_t value;
    std::memcpy(&value, key.id.bytes.data(), sizeof value);
    return value ^ (static_cast<std::size_t>(key.type) << 56);
  }
};
struct ObjectIdHash {
  std::size_t operator()(const ObjectId& id) const noexcept {
    std::size_t value;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};

/// Lower-case hex of any bytes.
std::string to_hex(ByteView bytes);
/// Bytes of lower-case hex with an even number of digits, or nothing.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace store
