#include "format/recipe.h"

#include "base/error.h"
#include "chunk/chunker.h"
#include "format/codec.h"

namespace store {
namespace {

std::string_view fault_of(const RecipeEntry& entry) {
  if (entry.kind != RecipeKind::chunk && entry.kind != RecipeKind::zeros) return "unknown kind";
  if (entry.length == 0) return "length is 0";
  if (entry.kind == RecipeKind::chunk && entry.length > k_chunk_limit) return "chunk length exceeds 8 MiB";
  if (entry.length > k_max_content_bytes) return "length exceeds 2^63-1";
  if ((entry.kind == RecipeKind::zeros) != entry.id.is_zero()) return "id does not fit the kind";
  return {};
}

}  // namespace

Bytes encode_recipe_entry(const RecipeEntry& entry) {
  if (const std::string_view fault = fault_of(entry); !fault.empty())
    throw_bug("recipe entry: " + std::string(fault));
  Bytes bytes;
  bytes.reserve(k_recipe_entry_size);
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u64(entry.length);
  put_id(out, entry.id);
  return bytes;
}

RecipeEntry decode_recipe_entry(ByteView bytes) {
  ByteReader in(bytes, "recipe entry");
  RecipeEntry entry;
  entry.kind = static_cast<RecipeKind>(in.u8());
  entry.length = in.u64();
  entry.id = get_id(in);
  if (const std::string_view fault = fault_of(entry); !fault.empty()) in.fail(fault);
  in.expect_end();
  return entry;
}

RecipeBuilder::RecipeBuilder(NodeBuilder::Sink sink) : builder_(ObjectType::recipe, std::move(sink)) {}

void RecipeBuilder::add_chunk(const ObjectId& id, std::uint64_t length) {
  flush_zeros();
  builder_.add(encode_recipe_entry({.kind = RecipeKind::chunk, .length = length, .id = id}), length);
}

void RecipeBuilder::add_zeros(std::uint64_t length) {
  if (length > k_max_content_bytes - pending_zeros_) throw_bug("recipe: zeros exceed 2^63-1 bytes");
  pending_zeros_ += length;
}

void RecipeBuilder::add_existing_node(const ObjectId& id, std::uint64_t count, std::uint64_t bytes) {
  flush_zeros();
  builder_.add_existing(id, count, bytes);
}

NodeBuilder::Root RecipeBuilder::finish() {
  flush_zeros();
  return builder_.finish();
}

void RecipeBuilder::flush_zeros() {
  if (pending_zeros_ == 0) return;
  builder_.add(encode_recipe_entry({.kind = RecipeKind::zeros, .length = pending_zeros_, .id = {}}), pending_zeros_);
  pending_zeros_ = 0;
}

}  // namespace store
