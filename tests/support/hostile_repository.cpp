#include "support/hostile_repository.h"

#include <fmt/format.h>

#include "hash/sha256.h"

namespace store::test {

Bytes HostileRepository::encode(const RawEntry& entry) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(entry.kind);
  out.u16(entry.mode);
  out.u64(entry.size);
  out.u8(static_cast<std::uint8_t>(entry.name.size()));
  out.raw(entry.name);
  out.raw(entry.id.view());
  return bytes;
}

Bytes HostileRepository::encode_recipe(std::uint8_t kind, std::uint64_t length, const ObjectId& id) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(kind);
  out.u64(length);
  out.raw(id.view());
  return bytes;
}

std::uint64_t HostileRepository::bytes_of(const std::vector<RawEntry>& entries) {
  std::uint64_t sum = 0;
  for (const RawEntry& entry : entries)
    if (entry.kind <= 4) sum = saturating_add(sum, entry.size);
  return sum;
}

ObjectId HostileRepository::chunk(std::string_view content) {
  const ByteView bytes = as_bytes(content);
  const ObjectId id = sha256(bytes);
  if (!bytes.empty()) objects_.push_back({{ObjectType::chunk, id}, Bytes(bytes.begin(), bytes.end())});
  return id;
}

ObjectId HostileRepository::node(ObjectType type, const RawNode& raw) {
  Node node{.type = type, .level = raw.level, .count = raw.count, .bytes = raw.bytes, .entries = {}};
  for (const Bytes& entry : raw.entries) node.entries.push_back(entry);
  const ObjectId id = node_id(node);
  objects_.push_back({{type, id}, encode_node(node)});
  return id;
}

ObjectId HostileRepository::tree(const std::vector<RawEntry>& entries) {
  RawNode raw{.count = entries.size(), .bytes = bytes_of(entries)};
  for (const RawEntry& entry : entries) raw.entries.push_back(encode(entry));
  return node(ObjectType::tree, raw);
}

ObjectId HostileRepository::wide_tree(std::uint32_t files, const RawEntry& last) {
  NodeBuilder builder(ObjectType::tree, [this](const NodeBuilder::Built& built) {
    objects_.push_back({{ObjectType::tree, built.id}, Bytes(built.bytes.begin(), built.bytes.end())});
  });
  RawEntry entry;
  for (std::uint32_t i = 0; i < files; ++i) {
    entry.name = fmt::format("f{:07}", i);
    builder.add(encode(entry), entry.size, entry.name);
  }
  builder.add(encode(last), last.size, last.name);
  return builder.finish().id;
}

RawEntry HostileRepository::file(std::string name, std::string_view content) {
  return {.kind = 1, .mode = 0644, .size = content.size(), .name = std::move(name), .id = chunk(content)};
}
RawEntry HostileRepository::link(std::string name, std::string_view target) {
  return {.kind = 4, .mode = 0777, .size = target.size(), .name = std::move(name), .id = chunk(target)};
}
RawEntry HostileRepository::directory(std::string name, const std::vector<RawEntry>& entries) {
  return {.kind = 3, .mode = 0755, .size = bytes_of(entries), .name = std::move(name), .id = tree(entries)};
}

ObjectId HostileRepository::commit_text(const std::string& text) {
  const ObjectId id = commit_id(text);
  const ByteView bytes = as_bytes(text);
  objects_.push_back({{ObjectType::commit, id}, Bytes(bytes.begin(), bytes.end())});
  return id;
}

ObjectId HostileRepository::commit_of(const ObjectId& tree, const std::vector<ObjectId>& parents) {
  Commit commit;
  commit.tree = tree;
  commit.parents = parents;
  commit.author = {"A U Thor", "author@example.com"};
  commit.time = {1'000'000, 0};
  commit.message = "message";
  return commit_text(encode_commit(commit));
}

void HostileRepository::publish(const ObjectId& commit) {
  put_objects(objects_);
  objects_.clear();
  set_ref("refs/heads/main", commit);
  set_ref("refs/heads/other", commit);
}

ObjectId HostileRepository::publish_tree(const ObjectId& tree) {
  const ObjectId commit = commit_of(tree);
  publish(commit);
  return commit;
}

}  // namespace store::test
