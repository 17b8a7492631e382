#include "ops/status_list.h"

#include <algorithm>
#include <cstring>

namespace store {
namespace {

constexpr std::size_t k_block_size = 256 * 1024;
constexpr unsigned char k_directory_bit = 0x80;

}  // namespace

std::string_view name_of(Change change) {
  switch (change) {
    case Change::added: return "added";
    case Change::modified: return "modified";
    case Change::deleted: return "deleted";
    case Change::renamed: return "renamed";
    case Change::typechange: return "typechange";
  }
  return "unknown";
}

StatusList::StatusList(std::initializer_list<StatusEntry> entries) {
  for (const StatusEntry& entry : entries) add(entry);
}

void StatusList::add(const StatusEntry& entry) {
  const std::size_t size = 1 + entry.path.size() + 1 + entry.from.size() + 1;
  if (capacity_ - used_ < size) {
    capacity_ = std::max(size, k_block_size);
    blocks_.push_back(std::make_unique<char[]>(capacity_));
    used_ = 0;
  }
  char* to = blocks_.back().get() + used_;
  places_.push_back({static_cast<std::uint32_t>(blocks_.size() - 1), static_cast<std::uint32_t>(used_)});
  used_ += size;
  *to++ = static_cast<char>(static_cast<unsigned char>(entry.change) | (entry.directory ? k_directory_bit : 0));
  to = std::copy(entry.path.begin(), entry.path.end(), to);
  *to++ = '\0';
  to = std::copy(entry.from.begin(), entry.from.end(), to);
  *to = '\0';
}

StatusEntry StatusList::operator[](std::size_t index) const {
  const char* at = blocks_[places_[index].block].get() + places_[index].offset;
  const auto first = static_cast<unsigned char>(*at++);
  StatusEntry entry;
  entry.change = static_cast<Change>(first & ~k_directory_bit);
  entry.directory = (first & k_directory_bit) != 0;
  entry.path = at;
  entry.from = at + entry.path.size() + 1;
  return entry;
}

}  // namespace store
