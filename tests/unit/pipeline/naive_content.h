#pragma once

#include <string>

#include "chunk/chunker.h"
#include "format/recipe.h"
#include "hash/sha256.h"
#include "pipeline/content_id.h"

namespace store::test {

/// What content must be recorded as, by the rules of docs/format.md on bytes that are all in memory: no window, no hole.
inline ContentId naive_content_id(std::string_view content, const ChunkParameters& parameters,
                                  std::uint64_t inline_threshold) {
  const ByteView bytes = as_bytes(content);
  if (bytes.size() <= inline_threshold) return {EntryKind::file, bytes.size(), sha256(bytes)};
  RecipeBuilder recipe([](const NodeBuilder::Built&) {});
  std::size_t begin = 0;
  for (const std::uint64_t end : chunk_cuts(parameters, bytes)) {
    const ByteView chunk = bytes.subspan(begin, static_cast<std::size_t>(end) - begin);
    if (all_zero(chunk)) recipe.add_zeros(chunk.size());
    else recipe.add_chunk(sha256(chunk), chunk.size());
    begin = static_cast<std::size_t>(end);
  }
  return {EntryKind::large_file, bytes.size(), recipe.finish().id};
}

}  // namespace store::test
