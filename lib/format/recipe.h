#pragma once

#include "format/node.h"

namespace store {

enum class RecipeKind : std::uint8_t { chunk = 1, zeros = 2 };

/// A stretch of a large file's content. `id` is zero for zeros.
struct RecipeEntry {
  RecipeKind kind = RecipeKind::chunk;
  std::uint64_t length = 0;
  ObjectId id;
  bool operator==(const RecipeEntry&) const = default;
};

inline constexpr std::size_t k_recipe_entry_size = 1 + 8 + 32;
Bytes encode_recipe_entry(const RecipeEntry& entry);
RecipeEntry decode_recipe_entry(ByteView entry);

/// Builds a recipe from chunks in file order: merges all-zero chunks into `zeros` runs.
class RecipeBuilder {
 public:
  explicit RecipeBuilder(NodeBuilder::Sink sink);
  void add_chunk(const ObjectId& id, std::uint64_t length);
  void add_zeros(std::uint64_t length);
  /// See NodeBuilder::add_existing; `ends_with_zeros` nodes are followed by a chunk, never by zeros.
  void add_existing_node(const ObjectId& id, std::uint64_t count, std::uint64_t bytes);
  NodeBuilder::Root finish();

 private:
  void flush_zeros();
  NodeBuilder builder_;
  std::uint64_t pending_zeros_ = 0;
};

}  // namespace store
