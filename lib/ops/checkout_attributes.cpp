#include "ops/checkout_attributes.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/path.h"
#include "base/text.h"
#include "ops/attributes_reader.h"
#include "ops/checkout_plan.h"
#include "ops/metadata.h"
#include "worktree/capture.h"

namespace store {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;
constexpr MetadataSelection k_all{.times = true, .owners = true, .xattrs = true, .acls = true, .hardlinks = true};

bool has_mtime(const ScanEntry& found, const Attributes::Time& mtime) {
  return found.stat.mtime_ns == mtime.seconds * k_second + mtime.nanoseconds;
}

/// An entry in the target, by its open directory.
struct OpenPlace {
  OpenPlace(int root_fd, const std::string& path)
      : directory(open_beneath(root_fd, std::string(parent_path(path)), O_PATH | O_DIRECTORY)), name(base_name(path)) {}
  FilePlace place() const { return {.directory_fd = directory.get(), .name = name, .fd = -1}; }
  UniqueFd directory;
  std::string name;
};

}  // namespace

CheckoutAttributes::CheckoutAttributes(const Workspace& workspace, CheckoutResult& result)
    : workspace_(workspace), result_(result), selection_(metadata_selection(workspace.settings())) {}

void CheckoutAttributes::use_directory(const ObjectId& tree, const Attributes& directory, std::string prefix) {
  tree_ = tree;
  own_ = selected(directory, selection_);
  prefix_ = std::move(prefix);
}

void CheckoutAttributes::use_index(const Index& index, const ObjectId& tree) {
  index_ = &index;
  tree_ = tree;
}

std::optional<Attributes> CheckoutAttributes::staged(const std::string& path) const {
  const std::optional<IndexEntry> entry = index_->find(path);
  if (!entry || entry->metadata.empty()) return std::nullopt;
  return selected(decode_index_metadata(entry->metadata).attributes, selection_);
}

/// What the recorded attributes of a path speak of; the index may not have been told of everything.
MetadataSelection CheckoutAttributes::known(const std::string& path) const {
  if (index_ == nullptr) return selection_;
  const std::optional<IndexEntry> entry = index_->find(path);
  const MetadataSelection captured = decode_index_metadata(entry ? entry->metadata : Bytes()).captured;
  return {.times = captured.times && selection_.times,
          .owners = captured.owners && selection_.owners,
          .xattrs = captured.xattrs && selection_.xattrs,
          .acls = captured.acls && selection_.acls,
          .hardlinks = captured.hardlinks && selection_.hardlinks};
}

bool CheckoutAttributes::is_alike(const std::string& path) const {
  const std::optional<TreeEntry> recorded = entry_at(workspace_.objects(), *tree_, path);
  const std::optional<TreeEntry> restored = entry_at(workspace_.objects(), *restored_, path);
  return recorded && restored && recorded->kind == restored->kind && recorded->mode == restored->mode &&
         (recorded->kind == EntryKind::directory || recorded->id == restored->id);
}

CheckoutAttributes::Lookup CheckoutAttributes::lookup() {
  if (index_ != nullptr) return [this](const std::string& path) { return staged(path); };
  if (entry_) return [this](const std::string&) -> std::optional<Attributes> { return selected(*entry_, selection_); };
  if (!own_) return [](const std::string&) -> std::optional<Attributes> { return std::nullopt; };
  const auto reader = std::make_shared<AttributesReader>(
      workspace_.objects(), *tree_, *own_->directory,
      [this](const std::string& directory, const Error& error) { note_damage(directory, error); });
  return [this, reader](const std::string& path) -> std::optional<Attributes> {
    if (restored_ && !is_alike(path)) return std::nullopt;
    const std::optional<Attributes> recorded = reader->at(path);
    return recorded ? std::optional(selected(*recorded, selection_)) : std::nullopt;
  };
}

void CheckoutAttributes::note_damage(const std::string& directory, const Error& error) {
  if (!damaged_.insert(directory).second) return;
  fail({directory.empty() ? "." : directory, "attributes of what is in it: " + error.message()}, true);
}

void CheckoutAttributes::fail(PathFailure failure, bool damaged) {
  const MutexLock lock(mutex_);
  result_.damaged = result_.damaged || damaged;
  result_.failed.push_back(std::move(failure));
}

std::optional<std::string> CheckoutAttributes::link_target(const Attributes& attributes, const TreeEntry& entry) const {
  if (!attributes.link || !tree_ || !is_within(*attributes.link, prefix_) || *attributes.link == prefix_)
    return std::nullopt;
  std::string target = attributes.link->substr(prefix_.empty() ? 0 : prefix_.size() + 1);
  const std::optional<TreeEntry> other = entry_at(workspace_.objects(), restored_.value_or(*tree_), target);
  const bool same = other && other->kind == entry.kind && other->mode == entry.mode && other->size == entry.size &&
                    other->id == entry.id;
  return same ? std::optional(std::move(target)) : std::nullopt;
}

WantedAttributes CheckoutAttributes::wanted(const TreeEntry& entry, const Attributes& attributes, const std::string& path) {
  WantedAttributes wanted{.kind = entry.kind,
                          .mode = entry.mode,
                          .mtime = attributes.mtime,
                          .owner = attributes.owner,
                          .xattrs = {},
                          .complete = known(path)};
  for (const Xattr& xattr : attributes.xattrs) {
    try {
      wanted.xattrs.push_back(
          {xattr.name, xattr.chunk ? workspace_.objects().read({ObjectType::chunk, *xattr.chunk}) : xattr.value});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      fail({path, fmt::format("{}: {}", escape_name(xattr.name), error.message())}, true);
    }
  }
  return wanted;
}

void CheckoutAttributes::apply(const FilePlace& file, const WantedAttributes& wanted, const std::string& path) {
  ApplyResult applied = apply_attributes(*workspace_.env().fs, file, wanted, workspace_.env().root);
  const bool complete = !applied.owner && !applied.setid && !applied.mode && applied.xattrs == 0 && applied.acls == 0;
  if (complete && applied.errors.empty()) return;
  const MutexLock lock(mutex_);
  look_ = true;
  result_.not_restored.owner += applied.owner;
  result_.not_restored.setid += applied.setid;
  result_.not_restored.mode += applied.mode;
  result_.not_restored.xattr += applied.xattrs;
  result_.not_restored.acl += applied.acls;
  for (std::string& error : applied.errors) result_.failed.push_back({path, std::move(error)});
}

bool CheckoutAttributes::refresh(int root_fd, const std::string& path, const WantedAttributes& wanted) {
  const std::optional<ScanEntry> found = scan_one(root_fd, path);
  if (!found) return false;
  const OpenPlace at(root_fd, path);
  const bool same_owner = !wanted.owner || ids_of(*wanted.owner) == OwnerIds{found->uid, found->gid};
  const bool same_mode = wanted.kind == EntryKind::symlink || found->mode == wanted.mode;
  if (same_owner && same_mode && (!wanted.mtime || has_mtime(*found, *wanted.mtime)) &&
      !xattr_changes(at.place(), wanted, workspace_.env().root).any())
    return false;
  apply(at.place(), wanted, path);
  return true;
}

Bytes CheckoutAttributes::metadata_of(const TreeEntry& entry, const Attributes& attributes,
                                      const std::optional<ScanEntry>& found, const std::string& path, int root_fd) const {
  IndexMetadata metadata;
  metadata.captured = {.times = attributes.mtime.has_value(),
                       .owners = attributes.owner.has_value(),
                       .xattrs = selection_.xattrs,
                       .acls = selection_.acls,
                       .hardlinks = selection_.hardlinks};
  metadata.attributes = attributes;
  metadata.attributes.directory.reset();
  metadata.attributes.mode.reset();
  metadata.linked = attributes.link.has_value();
  if (index_ != nullptr) metadata.captured = known(path);
  if (!found) return encode_index_metadata(metadata);
  const bool several = found->links > 1 && found->kind != EntryKind::directory;
  metadata.linked = metadata.linked || several;
  Unapplied missing{.uid = found->uid, .gid = found->gid, .mode_found = found->mode};
  missing.owner = attributes.owner && ids_of(*attributes.owner) != OwnerIds{found->uid, found->gid};
  missing.mode = entry.kind != EntryKind::symlink && found->mode != entry.mode;
  missing.link = attributes.link && !several;
  if (!attributes.xattrs.empty()) {
    const std::vector<RawXattr> present = read_xattrs(OpenPlace(root_fd, path).place(), k_all);
    for (const Xattr& xattr : attributes.xattrs) {
      const bool is_there = std::any_of(present.begin(), present.end(),
                                        [&](const RawXattr& raw) { return raw.name == xattr.name; });
      if (!is_there) (is_acl(xattr.name) ? missing.acls : missing.xattrs) = true;
    }
  }
  if (missing.any()) metadata.unapplied = missing;
  return encode_index_metadata(metadata);
}

void use_attributes_of(const ObjectReader& objects, const Commit& commit, const std::string& subtree,
                       CheckoutAttributes& attributes, CheckoutResult& result) {
  if (!commit.attributes) return;
  try {
    const Attributes root = read_root_attributes(objects, *commit.attributes);
    if (subtree.empty()) return attributes.use_directory(commit.tree, root, "");
    AttributesReader reader(objects, commit.tree, *root.directory,
                            [](const std::string&, const Error& error) { throw error; });
    const std::optional<Attributes> own = reader.at(subtree);
    const std::optional<TreeEntry> entry = entry_at(objects, commit.tree, subtree);
    if (!own || !entry) return;
    if (entry->kind == EntryKind::directory)
      attributes.use_directory(entry->id, *own, subtree);
    else
      attributes.use_entry(*own);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    result.damaged = true;
    result.failed.push_back({subtree.empty() ? "." : subtree, "attributes: " + error.message()});
  }
}

void restore_root_time(FileSystem& fs, int root_fd, const CheckoutAttributes& attributes) {
  if (!attributes.own() || !attributes.own()->mtime) return;
  const Attributes::Time& mtime = *attributes.own()->mtime;
  const struct timespec times[2] = {{0, UTIME_OMIT}, {static_cast<time_t>(mtime.seconds), static_cast<long>(mtime.nanoseconds)}};
  try {
    fs.set_times_at({root_fd, "."}, times);
  } catch (const Error& error) {
    if (error.errno_value() != EPERM) throw;  // somebody else's directory
  }
}

}  // namespace store
