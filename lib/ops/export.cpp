#include "ops/export.h"

#include <fmt/format.h>

#include <deque>
#include <utility>

#include "archive/tar_writer.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/path.h"
#include "base/text.h"
#include "compress/zstd_stream.h"
#include "ops/attributes_reader.h"
#include "ops/file_holes.h"
#include "ops/tree_reader.h"
#include "pipeline/read_stream.h"

namespace store {
namespace {

/// Members that were planned and not sent yet, their holes counted in hundreds. When there are more, the stream is run empty first:
/// many in a row may have no content.
constexpr std::size_t k_most_planned = 4096;
constexpr std::size_t k_holes_per_member = 100;
constexpr int k_level = 3;
static_assert(k_hole_unit % 512 == 0, "data between holes has to fill whole blocks, or GNU tar loses its place");

/// Planning and sending run at the same time, on two threads.
class PlannedMembers {
 public:
  struct Member {
    ArchiveEntry entry;
    std::uint64_t content = 0;  // bytes to come for it: a file's content, or a symlink's target
  };
  void push(Member member) {
    const MutexLock lock(mutex_);
    weight_ += weight_of(member);
    members_.push_back(std::move(member));
  }
  Member pop() {
    const MutexLock lock(mutex_);
    if (members_.empty()) throw Error(ErrorKind::bug, "export: content of no member");
    Member member = std::move(members_.front());
    members_.pop_front();
    weight_ -= weight_of(member);
    return member;
  }
  std::size_t weight() const {
    const MutexLock lock(mutex_);
    return weight_;
  }

 private:
  static std::size_t weight_of(const Member& member) { return 1 + member.entry.holes.size() / k_holes_per_member; }
  mutable Mutex mutex_;
  std::size_t weight_ STORE_GUARDED_BY(mutex_) = 0;
  std::deque<Member> members_ STORE_GUARDED_BY(mutex_);
};

class Export {
 public:
  Export(Workspace& workspace, const ExportOptions& options, const std::function<void(ByteView)>& sink)
      : workspace_(workspace), objects_(workspace.objects()), options_(options), tar_(sink) {
    if (options.entry.kind == EntryKind::directory) entries_.emplace(objects_, std::nullopt, options.entry.id);
    if (!options.attributes) return;
    const Attributes root = read_root_attributes(objects_, *options.attributes);
    const auto on_damage = [this](const std::string&, const Error& error) { damage_ = error; };
    if (root.directory) attributes_.emplace(objects_, options.tree, *root.directory, on_damage);
  }

  ExportResult run() {
    const StreamOptions stream{.threads = workspace_.threads(),
                               .memory = workspace_.settings().performance.max_memory_usage,
                               .cancel = workspace_.env().cancel,
                               .progress = workspace_.env().progress};
    while (!ended_) {
      read_stream(objects_, [this] { return next_piece(); }, [this](ByteView bytes) { send(bytes); }, stream);
      send_members_without_content();
      if (const std::optional<Sparse> sparse = std::exchange(sparse_, std::nullopt))
        begin_content(sparse->member, sparse->entry, find_holes(objects_, sparse->entry, stream));
    }
    tar_.finish();
    return result_;
  }

 private:
  /// A sparse file whose holes are to be found: they are told before the content, so it is read twice.
  struct Sparse {
    ArchiveEntry member;
    TreeEntry entry;
  };

  std::optional<StreamPiece> next_piece() {
    for (;;) {
      if (content_) {
        if (std::optional<StreamPiece> piece = content_->next()) return piece;
        content_.reset();
      }
      if (sparse_ || planned_.weight() >= k_most_planned) return std::nullopt;
      const std::optional<std::pair<std::string, TreeEntry>> next = next_entry();
      if (!next) {
        ended_ = true;
        return std::nullopt;
      }
      plan(next->first, next->second);
    }
  }

  std::optional<std::pair<std::string, TreeEntry>> next_entry() {
    if (!entries_) {
      if (std::exchange(single_done_, true)) return std::nullopt;
      return std::pair(options_.name, options_.entry);
    }
    std::optional<TreeChange> change = entries_->next();
    if (!change) return std::nullopt;
    return std::pair(std::move(change->path), *std::move(change->after));
  }

  void plan(const std::string& path, const TreeEntry& entry) {
    const bool device = entry.kind == EntryKind::char_device || entry.kind == EntryKind::block_device;
    ArchiveEntry member{.path = path,
                        .kind = entry.kind,
                        .mode = entry.mode,
                        .size = is_regular(entry.kind) ? entry.size : 0,
                        .device = device ? entry.size : 0,
                        .mtime_seconds = options_.time};
    if (is_regular(entry.kind)) {
      ++result_.files;
      result_.bytes = saturating_add(result_.bytes, entry.size);
    }
    const std::optional<bool> sparse = add_attributes(path, member);
    if (!is_regular(entry.kind) || !member.hard_link.empty() || entry.size == 0) return begin_content(std::move(member), entry, {});
    if (entry.kind == EntryKind::large_file) check_size(path, entry);
    // Without attributes, a file with zeros counts as sparse, as for a checkout.
    if (sparse.value_or(has_zeros(objects_, entry))) sparse_ = Sparse{std::move(member), entry};
    else begin_content(std::move(member), entry, {});
  }

  void check_size(const std::string& path, const TreeEntry& entry) const {
    const std::uint64_t size = RecipeCursor(objects_, entry.id).size();
    if (size != entry.size)
      throw_corrupt(fmt::format("recipe {}: {}: holds {} bytes, its entry says {}", entry.id.hex(), escape_name(path), size,
                                entry.size));
  }

  void begin_content(ArchiveEntry member, const TreeEntry& entry, std::vector<Hole> holes) {
    const bool has_content = is_regular(entry.kind) || entry.kind == EntryKind::symlink;
    std::uint64_t bytes = has_content && member.hard_link.empty() ? entry.size : 0;
    for (const Hole& hole : holes) bytes -= hole.length;
    member.holes = holes;
    planned_.push({std::move(member), bytes});
    if (bytes != 0) content_.emplace(objects_, entry, std::move(holes));
  }

  /// Whether the file was sparse; nothing if that was not recorded.
  std::optional<bool> add_attributes(const std::string& path, ArchiveEntry& member) {
    if (!attributes_) return std::nullopt;
    const std::string from_root = entries_ ? join_path(options_.path, path) : options_.path;
    const std::optional<Attributes> recorded = attributes_->at(from_root);
    if (damage_) throw *damage_;
    if (!recorded) return std::nullopt;
    if (recorded->mtime) {
      member.mtime_seconds = recorded->mtime->seconds;
      member.mtime_nanoseconds = recorded->mtime->nanoseconds;
    }
    if (recorded->owner) {
      member.uid = recorded->owner->uid;
      member.gid = recorded->owner->gid;
      member.user = recorded->owner->user;
      member.group = recorded->owner->group;
    }
    for (const Xattr& xattr : recorded->xattrs)
      member.xattrs.emplace_back(xattr.name, xattr.chunk ? objects_.read({ObjectType::chunk, *xattr.chunk}) : xattr.value);
    // A link to what is not in this archive is a file of its own.
    const bool within = recorded->link && entries_ && is_within(*recorded->link, options_.path);
    if (within) member.hard_link = recorded->link->substr(options_.path.empty() ? 0 : options_.path.size() + 1);
    return recorded->sparse;
  }

  void send(ByteView bytes) {
    while (!bytes.empty()) {
      if (current_.content == 0) begin_next_with_content();
      const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), current_.content));
      current_.content -= take;
      if (current_.entry.kind == EntryKind::symlink) add_to_target(bytes.first(take));
      else tar_.write(bytes.first(take));
      bytes = bytes.subspan(take);
    }
  }

  void begin_next_with_content() {
    for (;;) {
      current_ = planned_.pop();
      if (current_.content == 0 || is_regular(current_.entry.kind)) tar_.begin(current_.entry);
      if (current_.content != 0) return;
    }
  }

  /// A link's header holds its target: it is written when that is complete.
  void add_to_target(ByteView bytes) {
    current_.entry.target += as_text(bytes);
    if (current_.content == 0) tar_.begin(current_.entry);
  }

  void send_members_without_content() {
    while (planned_.weight() > 0) {
      current_ = planned_.pop();
      if (current_.content != 0) throw Error(ErrorKind::bug, "export: content of a member is missing");
      tar_.begin(current_.entry);
    }
  }

  Workspace& workspace_;
  const ObjectReader& objects_;
  const ExportOptions& options_;
  TarWriter tar_;
  ExportResult result_;
  // planning
  std::optional<TreeDiff> entries_;
  bool single_done_ = false;
  std::optional<AttributesReader> attributes_;
  std::optional<Error> damage_;
  std::optional<Sparse> sparse_;
  std::optional<DataPieces> content_;  // of the member planned last
  bool ended_ = false;
  PlannedMembers planned_;
  // sending
  PlannedMembers::Member current_;
};

}  // namespace

ExportResult export_tar(Workspace& workspace, const ExportOptions& options, const std::function<void(ByteView)>& sink) {
  if (!options.compress) return Export(workspace, options, sink).run();
  ZstdStream zstd(k_level, sink);
  const ExportResult result = Export(workspace, options, [&](ByteView bytes) { zstd.write(bytes); }).run();
  zstd.finish();
  return result;
}

}  // namespace store
