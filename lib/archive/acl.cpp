#include "archive/acl.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

namespace store {
namespace {

constexpr std::uint32_t k_version = 2;
constexpr std::size_t k_header_size = 4;
constexpr std::size_t k_entry_size = 8;
constexpr std::uint32_t k_no_id = 0xffffffff;

// The kernel's form is little-endian everywhere.
void put(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}

std::uint32_t get(ByteView bytes, std::size_t at, std::size_t length) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < length; ++i) value |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

bool has_id(AclEntry::Tag tag) { return tag == AclEntry::Tag::user || tag == AclEntry::Tag::group; }

std::optional<std::string_view> word_of(AclEntry::Tag tag) {
  switch (tag) {
    case AclEntry::Tag::owner:
    case AclEntry::Tag::user: return "user";
    case AclEntry::Tag::owning_group:
    case AclEntry::Tag::group: return "group";
    case AclEntry::Tag::mask: return "mask";
    case AclEntry::Tag::other: return "other";
  }
  return std::nullopt;
}

}  // namespace

Bytes encode_acl(Acl acl) {
  std::sort(acl.begin(), acl.end(),
            [](const AclEntry& a, const AclEntry& b) {
              return std::tie(a.tag, a.id, a.permissions) < std::tie(b.tag, b.id, b.permissions);
            });
  Bytes out;
  out.reserve(k_header_size + acl.size() * k_entry_size);
  put(out, k_version, 4);
  for (const AclEntry& entry : acl) {
    put(out, static_cast<std::uint32_t>(entry.tag), 2);
    put(out, entry.permissions, 2);
    put(out, has_id(entry.tag) ? entry.id : k_no_id, 4);
  }
  return out;
}

std::optional<Acl> decode_acl(ByteView value) {
  if (value.size() <= k_header_size || (value.size() - k_header_size) % k_entry_size != 0) return std::nullopt;
  if (get(value, 0, 4) != k_version) return std::nullopt;
  Acl acl;
  for (std::size_t at = k_header_size; at < value.size(); at += k_entry_size) {
    AclEntry entry{.tag = static_cast<AclEntry::Tag>(get(value, at, 2)),
                   .permissions = static_cast<std::uint16_t>(get(value, at + 2, 2))};
    if (!word_of(entry.tag) || entry.permissions > 7) return std::nullopt;
    if (has_id(entry.tag)) entry.id = get(value, at + 4, 4);
    acl.push_back(entry);
  }
  return acl;
}

std::string acl_text(const Acl& acl) {
  std::string text;
  for (const AclEntry& entry : acl) {
    const auto bit = [&](int value, char letter) { return (entry.permissions & value) != 0 ? letter : '-'; };
    text += fmt::format("{}{}:{}:{}{}{}", text.empty() ? "" : ",", word_of(entry.tag).value_or("other"),
                        has_id(entry.tag) ? fmt::format("{}", entry.id) : "", bit(4, 'r'), bit(2, 'w'), bit(1, 'x'));
  }
  return text;
}

}  // namespace store
