#include "worktree/listing_names.h"

#include "hash/sha256.h"

namespace store {
namespace {

constexpr std::size_t k_piece = 16 * 1024;

}  // namespace

void ListingNames::add(std::string_view name) {
  text_.append(name);
  text_.push_back('\0');
  if (text_.size() >= k_piece) text_.assign(as_text(sha256(as_bytes(text_)).view()));
}

ObjectId ListingNames::finish() const { return sha256(as_bytes(text_)); }

}  // namespace store
