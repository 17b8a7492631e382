#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

namespace store {

enum class Change { added, modified, deleted, renamed, typechange };
/// "added", "modified", …
std::string_view name_of(Change change);

/// One path of a status.
struct StatusEntry {
  std::string_view path;
  Change change{};
  std::string_view from;   // renamed only
  bool directory = false;  // shown with a trailing '/'
};

/// Entries in the order of add(): about 12 bytes each beyond their names, for there may be millions. Entries are views that live
/// as long as the list. One thread at a time.
class StatusList {
 public:
  StatusList() = default;
  StatusList(std::initializer_list<StatusEntry> entries);

  void add(const StatusEntry& entry);
  /// Keeps the first `size` entries.
  void truncate(std::size_t size) { places_.resize(size); }
  std::size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  StatusEntry operator[](std::size_t index) const;

  class Iterator {
   public:
    Iterator(const StatusList& list, std::size_t index) : list_(&list), index_(index) {}
    StatusEntry operator*() const { return (*list_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const StatusList* list_;
    std::size_t index_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  /// An entry: change and directory in one byte, path, NUL, from, NUL.
  struct Place {
    std::uint32_t block;
    std::uint32_t offset;
  };
  std::vector<std::unique_ptr<char[]>> blocks_;  // never moved, never doubled
  std::size_t used_ = 0;                         // of the last one
  std::size_t capacity_ = 0;                     // of the last one
  std::vector<Place> places_;
};

}  // namespace store
