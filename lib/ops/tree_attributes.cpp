#include "ops/tree_attributes.h"

#include "hash/sha256.h"
#include "ops/metadata.h"

namespace store {
namespace {

/// Values become chunks until the entry is short enough; false if it is not even then.
bool shorten(Attributes& attributes, ObjectWriter& writer) {
  for (Xattr& xattr : attributes.xattrs) {
    if (xattr.chunk || xattr.value.empty()) continue;
    xattr.chunk = sha256(xattr.value);
    xattr.length = static_cast<std::uint32_t>(xattr.value.size());
    writer.put({ObjectType::chunk, *xattr.chunk}, xattr.value);
    xattr.value.clear();
  }
  return encode_attributes(attributes).size() <= k_max_attributes_entry;
}

}  // namespace

std::uint64_t AttributesPolicy::fingerprint() const {
  const std::uint64_t second = latest_second ? static_cast<std::uint64_t>(*latest_second) << 8 | 0x80 : 0;
  return second | selection.bits();
}

AttributesWriter::AttributesWriter(ObjectWriter& writer, const AttributesPolicy& policy, const IndexEntry& root,
                                   std::vector<PathFailure>& incomplete)
    : writer_(writer),
      policy_(policy),
      same_policy_(decode_index_metadata(root.metadata).policy == policy.fingerprint()),
      incomplete_(incomplete) {}

Attributes AttributesWriter::selected(const IndexEntry& entry) const {
  Attributes attributes = store::selected(decode_index_metadata(entry.metadata).attributes, policy_.selection);
  if (attributes.mtime && policy_.latest_second) {
    const Attributes::Time latest{*policy_.latest_second, 0};
    const auto as_pair = [](const Attributes::Time& time) { return std::pair(time.seconds, time.nanoseconds); };
    if (as_pair(*attributes.mtime) > as_pair(latest)) attributes.mtime = latest;
  }
  return attributes;
}

/// Design: "Attributes mirror the tree", what an entry of more than k_max_attributes_entry loses.
Bytes AttributesWriter::fitting(Attributes attributes, const std::string& path) {
  Bytes bytes = encode_attributes(attributes);
  if (bytes.size() <= k_max_attributes_entry) return bytes;
  if (!shorten(attributes, writer_)) {
    incomplete_.push_back({path, "too many extended attributes: left out"});
    attributes.xattrs.clear();
    if (encode_attributes(attributes).size() > k_max_attributes_entry) attributes.link.reset();
  }
  return encode_attributes(attributes);
}

Bytes AttributesWriter::entry(const IndexEntry& entry) {
  Attributes attributes = selected(entry);
  if (entry.kind == EntryKind::directory) attributes.directory = entry.attributes;
  return fitting(std::move(attributes), entry.path);
}

void AttributesWriter::sign(IndexEntry& root) const {
  IndexMetadata metadata = decode_index_metadata(root.metadata);
  metadata.policy = policy_.fingerprint();
  root.metadata = encode_index_metadata(metadata);
}

ObjectId AttributesWriter::write_root(const IndexEntry& root) {
  Attributes attributes = selected(root);
  attributes.directory = root.attributes;
  attributes.mode = root.mode;
  NodeBuilder builder(ObjectType::attributes, [this](const NodeBuilder::Built& built) {
    writer_.put({ObjectType::attributes, built.id}, built.bytes);
  });
  builder.add(fitting(std::move(attributes), root.path), 0, "");
  return builder.finish().id;
}

}  // namespace store
