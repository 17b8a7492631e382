#include "format/entry_scan.h"

#include "format/node.h"
#include "format/recipe.h"
#include "format/tree.h"

namespace store {
namespace {

std::string_view scan_name(ByteReader& in) {
  const std::size_t length = in.u8();
  return in.text(length);
}

ScannedEntry scan_upper(ObjectType type, ByteReader& in) {
  ScannedEntry entry;
  entry.count = in.u64();
  entry.bytes = in.u64();
  if (type == ObjectType::tree) entry.name = scan_name(in);
  in.raw(32);
  return entry;
}

ScannedEntry scan_tree_entry(ByteReader& in) {
  const std::uint8_t kind = in.u8();
  if (!is_entry_kind(kind)) in.fail("unknown entry kind");
  in.raw(2);
  ScannedEntry entry;
  const std::uint64_t size = in.u64();
  entry.bytes = content_bytes(static_cast<EntryKind>(kind), size);
  entry.name = scan_name(in);
  in.raw(32);
  return entry;
}

ScannedEntry scan_recipe_entry(ByteReader& in) {
  const std::uint8_t kind = in.u8();
  ScannedEntry entry;
  entry.zeros = kind == static_cast<std::uint8_t>(RecipeKind::zeros);
  if (!entry.zeros && kind != static_cast<std::uint8_t>(RecipeKind::chunk)) in.fail("unknown recipe entry kind");
  entry.bytes = in.u64();
  in.raw(32);
  return entry;
}

}  // namespace

ScannedEntry scan_entry(ObjectType type, int level, ByteReader& in) {
  if (level > 0) return scan_upper(type, in);
  if (type == ObjectType::tree) return scan_tree_entry(in);
  if (type == ObjectType::recipe) return scan_recipe_entry(in);
  skip_attributes_entry(in);
  return {};
}

}  // namespace store
