#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/object_id.h"
#include "format/attributes.h"
#include "format/tree.h"
#include "repo/object_store.h"

namespace store {

/// Walks everything that commits and trees name, and tells which of it is missing or known to be bad, with the paths that
/// need it. Each tree and recipe is looked at once, however many commits share it. One thread.
class Reachability {
 public:
  using IsBad = std::function<bool(const ObjectKey&)>;
  /// Brings in what others published or merged meanwhile; false if that is nothing. Asked before anything counts as missing.
  using LookAgain = std::function<bool()>;
  using OnMissing = std::function<void(const ObjectKey&)>;
  /// How long a chunk is, if that is known.
  using LengthOf = std::function<std::optional<std::uint64_t>(const ObjectKey& chunk)>;

  /// An object that cannot be had, and where below the start it is needed ("" for the start itself); or a tree or recipe that
  /// says another size of its content than that has, and the path of which it says so.
  struct Need {
    ObjectKey key;
    std::string path;
  };

  /// `on_missing` gets every key that is in no way to be had, also where more paths need it than are kept.
  Reachability(const ObjectReader& objects, IsBad is_bad, LookAgain look_again, OnMissing on_missing = [](const ObjectKey&) {},
               LengthOf length_of = {})
      : objects_(objects), is_bad_(std::move(is_bad)), look_again_(std::move(look_again)), on_missing_(std::move(on_missing)),
        length_of_(std::move(length_of)) {}

  /// Below a tree. The result lives as long as this object.
  const std::vector<Need>& tree(const ObjectId& id);
  /// Below a commit's root object of attributes, beside its tree.
  const std::vector<Need>& attributes(const ObjectId& root_object, const ObjectId& tree);
  /// In a large file.
  const std::vector<Need>& recipe(const ObjectId& id);
  /// Whether a chunk, or any single object, can be had.
  bool available(const ObjectKey& key) const;
  /// False if a chunk, or a tree or recipe that was walked, is known to hold another number of bytes.
  bool fits(const ObjectKey& key, std::uint64_t size) const;
  /// True for a tree or recipe that can be read, and is needed only because of a size in it.
  bool has_wrong_size(const ObjectKey& key) const { return wrong_sizes_.contains(key); }
  std::uint64_t objects_seen() const { return seen_; }

 private:
  std::vector<Need> needs_of_tree(const ObjectId& id, std::uint64_t& bytes);
  std::vector<Need> needs_of_recipe(const ObjectId& id, std::uint64_t& bytes);
  std::vector<Need> needs_of_root_attributes(const ObjectId& root_object, const ObjectId& tree);
  const std::vector<Need>& attributes_in(const ObjectId& id, const ObjectId& tree);
  std::vector<Need> needs_of_attributes(const ObjectId& id, const ObjectId& tree);
  void add_values(std::vector<Need>& needs, const std::string& name, const Attributes& attributes);
  bool readable(const std::function<void()>& walk) const;
  Need missing(const ObjectKey& key) const;
  Need damaged(const ObjectKey& key);
  Need wrong_size(const ObjectKey& key);

  const ObjectReader& objects_;
  IsBad is_bad_;
  LookAgain look_again_;
  OnMissing on_missing_;
  LengthOf length_of_;
  std::uint64_t seen_ = 0;
  int depth_ = 0;  // of directories: a hostile chain must not exhaust the stack
  std::unordered_map<ObjectKey, std::uint64_t, ObjectKeyHash> sound_;  // with the bytes of the content of trees and recipes
  std::unordered_map<ObjectKey, std::vector<Need>, ObjectKeyHash> needs_;
  std::unordered_set<ObjectKey, ObjectKeyHash> wrong_sizes_;
};

/// At most this many paths are kept for one start: a lost root would else list a whole tree.
inline constexpr std::size_t k_max_needs = 1000;

}  // namespace store
