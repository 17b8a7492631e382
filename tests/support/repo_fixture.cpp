#include "support/repo_fixture.h"

#include <algorithm>

#include "hash/sha256.h"

namespace store::test {
namespace {

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

FixtureEntry file_of(std::string content, std::uint16_t mode) { return {std::move(content), mode, EntryKind::file}; }
FixtureEntry link_to(std::string target) { return {std::move(target), 0777, EntryKind::symlink}; }
FixtureEntry directory_of(std::uint16_t mode) { return {{}, mode, EntryKind::directory}; }

/// One publish.
class RepoFixture::Writing {
 public:
  Writing(const Repository& repository, ObjectStore& objects)
      : session_(Session::open(repository, "fixture", {})),
        objects_(objects),
        publisher_(repository, objects, session_, {}, false),
        writer_(objects, publisher_, {}) {}
  ObjectWriter& writer() { return writer_; }
  void finish(const std::optional<ObjectId>& commit) {
    writer_.flush();
    publisher_.finish(commit);
    session_.remove();
    objects_.refresh();
  }

 private:
  Session session_;
  ObjectStore& objects_;
  Publisher publisher_;
  ObjectWriter writer_;
};

RepoFixture::RepoFixture() {
  scratch_.make_directory("work");
  const std::string path = scratch_.path("work/.store");
  create_repository(posix_file_system(), path, "", "main");
  repository_ = std::make_unique<Repository>(posix_file_system(), path);
  objects_ = std::make_unique<ObjectStore>(*repository_, ObjectStore::Options{});
}

TreeEntry RepoFixture::put_entry(ObjectWriter& writer, const std::string& name, const FixtureEntry& entry) const {
  const ByteView content = as_bytes(entry.content);
  TreeEntry result{.kind = entry.kind, .mode = entry.mode, .size = content.size(), .name = name, .id = {}};
  if (entry.kind == EntryKind::fifo) return result;
  if (entry.kind == EntryKind::symlink || content.size() <= inline_threshold) {
    result.id = sha256(content);
    if (!content.empty()) writer.put({ObjectType::chunk, result.id}, content);
    return result;
  }
  result.kind = EntryKind::large_file;
  RecipeBuilder recipe([&](const NodeBuilder::Built& built) { writer.put({ObjectType::recipe, built.id}, built.bytes); });
  std::uint64_t begin = 0;
  for (const std::uint64_t end : chunk_cuts(parameters, content)) {
    const ByteView chunk = content.subspan(begin, end - begin);
    const ObjectId id = sha256(chunk);
    if (all_zero(chunk)) {
      recipe.add_zeros(chunk.size());
    } else {
      writer.put({ObjectType::chunk, id}, chunk);
      recipe.add_chunk(id, chunk.size());
    }
    begin = end;
  }
  result.id = recipe.finish().id;
  return result;
}

NodeBuilder::Root RepoFixture::put_directory(ObjectWriter& writer, const FixtureTree& tree,
                                             const std::string& directory) const {
  TreeBuilder builder([&](const NodeBuilder::Built& built) { writer.put({ObjectType::tree, built.id}, built.bytes); });
  const std::size_t prefix = directory.empty() ? 0 : directory.size() + 1;
  std::string done;
  for (auto at = directory.empty() ? tree.begin() : tree.upper_bound(directory);
       at != tree.end() && is_within(at->first, directory); ++at) {
    const std::string name = at->first.substr(prefix, at->first.find('/', prefix) - prefix);
    if (name == done) continue;
    done = name;
    const std::string path = join_path(directory, name);
    const bool named = at->first == path;
    if (named && at->second.kind != EntryKind::directory) {
      builder.add(put_entry(writer, name, at->second));
      continue;
    }
    const NodeBuilder::Root root = put_directory(writer, tree, path);
    const std::uint16_t mode = named ? at->second.mode : std::uint16_t{0755};
    builder.add({.kind = EntryKind::directory, .mode = mode, .size = root.bytes, .name = name, .id = root.id});
  }
  return builder.finish();
}

ObjectId RepoFixture::put_tree(const FixtureTree& tree) {
  Writing writing(*repository_, *objects_);
  const ObjectId id = put_directory(writing.writer(), tree, "").id;
  writing.finish({});
  return id;
}

ObjectId RepoFixture::put_commit(const Commit& commit) {
  const std::string text = encode_commit(commit);
  const ObjectId id = commit_id(text);
  Writing writing(*repository_, *objects_);
  writing.writer().put({ObjectType::commit, id}, as_bytes(text));
  writing.finish(id);
  return id;
}

ObjectId RepoFixture::commit(const CommitSpec& spec) {
  Commit commit;
  commit.tree = put_tree(spec.tree);
  commit.parents = spec.parents;
  commit.author = {"A U Thor", "author@example.com"};
  commit.time = {spec.time, 0};
  commit.message = spec.message;
  return put_commit(commit);
}

void RepoFixture::put_objects(const std::vector<std::pair<ObjectKey, Bytes>>& objects) {
  Writing writing(*repository_, *objects_);
  for (const auto& [key, bytes] : objects) writing.writer().put(key, bytes);
  writing.finish({});
}

void RepoFixture::update_ref(const std::string& name, const RefValue& value) {
  OplogRecord record;
  record.changes = {{name, refs().read(name), value}};
  record.command = "fixture";
  refs().update(record, {});
}

void RepoFixture::set_ref(const std::string& name, const ObjectId& commit) { update_ref(name, {commit, {}}); }
void RepoFixture::set_head(const RefValue& value) { update_ref("HEAD", value); }

}  // namespace store::test
