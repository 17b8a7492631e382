#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ops/workspace.h"

namespace store {

/// One line of what an object, a pack or a layer is made of; what does not apply is not there.
struct InspectedEntry {
  std::string type;
  std::optional<ObjectId> id = {};
  std::optional<std::uint64_t> size = {};    // of the content that it names; in a pack: of the object
  std::optional<std::string> name = {};      // bytes
  std::optional<unsigned> mode = {};
  std::optional<std::uint64_t> offset = {};  // in a recipe: in the file; in a pack: of the block
  std::optional<std::uint64_t> count = {};   // below a node; objects of a pack
};

struct Inspected {
  std::string type;  // "chunk", "recipe", "tree", "attributes", "commit", "pack" or "layer"
  std::optional<ObjectId> id = {};  // a layer has none
  std::uint64_t size = 0;  // bytes of the object itself; of a pack, of a layer's packs as published
  std::optional<std::string> pack = {};         // that an object lies in
  std::optional<std::uint64_t> offset = {};     // of its block
  std::optional<unsigned> level = {};           // of a node
  std::optional<std::string> text = {};         // of a commit
  std::vector<std::string> also = {};           // other types of objects that have the same id
};

/// `what`: TYPE:ID, an id or a prefix of 4 digits or more, pack:ID, layer:N (counted from 1, as `layers` does), a revision, or
/// REV:PATH resolved by the caller to TYPE:ID. Where one id names several objects, the first type in the order above is shown.
/// `head` is called once, then `entry` for each entry, as they are read. Error{not_found}, Error{ambiguous} with candidates.
void inspect(Workspace& workspace, const std::string& what, const std::function<void(const Inspected&)>& head,
             const std::function<void(const InspectedEntry&)>& entry);

}  // namespace store
