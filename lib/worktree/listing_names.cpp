#include "worktree/listing_names.h"

namespace store {
namespace {

constexpr std::size_t k_piece = 16 * 1024;

}  // namespace

void ListingNames::add(std::string_view name) {
  text_.append(name);
  text_.push_back('\0');
  if (text_.size() < k_piece) return;
  if (!begun_) begun_.emplace();
  begun_->update(as_bytes(text_));
  text_.clear();
}

ObjectId ListingNames::finish() {
  if (!begun_) return sha256(as_bytes(text_));
  begun_->update(as_bytes(text_));
  return begun_->finish();
}

}  // namespace store
