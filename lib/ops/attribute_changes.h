#pragma once

#include "format/index_metadata.h"
#include "ops/attributes_reader.h"
#include "ops/checkout_changes.h"

namespace store {

/// A tree and, if they are known, the attributes of what is in it.
struct AttributedTree {
  ObjectId tree;
  std::optional<ObjectId> attributes;
};

struct AttributeChangesOptions {
  MetadataSelection selection;         // what else differs does not matter
  AttributesReader::OnDamage on_damage;  // in `after`; damage in `before` only means that nothing is known
};

/// Where two trees have the same entry, but its attributes differ: such changes have equal `before` and `after` and a kind of their own.
/// Both are descended side by side, and directories that are equal in content and attributes are not entered. A directory is named
/// before its content if attributes of anything in it may differ. It may also name entries that are not the same in both: those are
/// the business of changes_between(). The options must outlive the streams.
ChangeSource attribute_changes(const ObjectReader& objects, const AttributedTree& before, const AttributedTree& after,
                               const AttributeChangesOptions& options);

}  // namespace store
