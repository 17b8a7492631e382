#include "app/entry_output.h"

#include <fmt/format.h>

#include "app/quote.h"

namespace store {

namespace {

bool is_device(EntryKind kind) { return kind == EntryKind::char_device || kind == EntryKind::block_device; }

/// As ls(1): a device has numbers instead of a size.
std::string size_column(const TreeEntry& entry) {
  if (!is_device(entry.kind)) return std::to_string(entry.content_bytes());
  return fmt::format("{}, {}", entry.size >> 32, entry.size & 0xffff'ffff);
}

}  // namespace

std::string symlink_target(const ObjectReader& objects, const TreeEntry& entry) {
  return std::string(as_text(objects.read({ObjectType::chunk, entry.id})));
}

void write_entry(JsonWriter& json, const ObjectReader& objects, const std::string& path, const TreeEntry& entry) {
  json.begin_object();
  write_entry_fields(json, objects, path, entry);
  json.end();
}

void write_entry_fields(JsonWriter& json, const ObjectReader& objects, const std::string& path, const TreeEntry& entry) {
  json.path_field("path", path);
  json.field("type", type_name(entry.kind));
  json.field("mode", mode_text(entry.mode));
  json.field("size", entry.content_bytes());
  json.field("id", entry.id.is_zero() ? std::optional<ObjectId>() : std::optional(entry.id));
  if (is_device(entry.kind)) {
    json.field("major", entry.size >> 32);
    json.field("minor", entry.size & 0xffff'ffff);
  }
  if (entry.kind == EntryKind::symlink) json.path_field("target", symlink_target(objects, entry));
}

std::string type_and_mode(const TreeEntry& entry) {
  static constexpr char k_types[] = {'-', '-', 'd', 'l', 'p', 'c', 'b'};
  static constexpr char k_letters[] = "rwxrwxrwx";
  std::string text(1, k_types[static_cast<std::size_t>(entry.kind) - 1]);
  for (unsigned bit = 0; bit < 9; ++bit) text += (entry.mode >> (8 - bit) & 1) != 0 ? k_letters[bit] : '-';
  const auto special = [&](unsigned mode_bit, std::size_t place, char with_x, char without) {
    if ((entry.mode & mode_bit) != 0) text[place] = text[place] == 'x' ? with_x : without;
  };
  special(04000, 3, 's', 'S');
  special(02000, 6, 's', 'S');
  special(01000, 9, 't', 'T');
  return text;
}

std::vector<std::string> entry_cells(const TreeEntry& entry) {
  return {type_and_mode(entry), size_column(entry), entry.id.is_zero() ? "-" : entry.id.short_hex()};
}

Table entry_table(std::optional<std::size_t> window) {
  return Table({{.width = 10, .align = Table::Align::left, .rank = 1},
                {.width = 12, .gap = 2},
                {.width = 10, .align = Table::Align::left, .rank = 2, .gap = 2}},
               window, k_least_name);
}

}  // namespace store
