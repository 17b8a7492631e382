#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/object_id.h"

namespace store {

inline constexpr std::size_t k_max_commit_text = 1u << 20;
inline constexpr std::size_t k_max_parents = 64;

struct Identity {
  std::string name;
  std::string email;
  bool operator==(const Identity&) const = default;
};

struct Commit {
  ObjectId tree;
  std::optional<ObjectId> attributes;
  std::vector<ObjectId> parents;
  Identity author;
  Timestamp time;
  std::map<std::string, std::string> meta;
  std::string message;
  bool operator==(const Commit&) const = default;
  /// First line of the message.
  std::string_view subject() const;
};

/// Canonical text; Error{usage} if over 1 MiB or a field cannot be written.
std::string encode_commit(const Commit& commit);
/// Error{corrupt} for every form but the canonical one.
Commit decode_commit(std::string_view text);
ObjectId commit_id(std::string_view text);

}  // namespace store
