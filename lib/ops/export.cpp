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
#include "ops/tree_reader.h"
#include "pipeline/read_stream.h"

namespace store {
namespace {

/// Members that were planned and not sent yet, their holes counted in hundreds. When there are more, the stream is run empty first:
/// many in a row may have no content.
constexpr std::size_t k_most_planned = 4096;
constexpr std::size_t k_holes_per_member = 100;
/// Holes that one member says it has: 16 bytes each here, some 25 in the archive. Of more, the largest count.
constexpr std::size_t k_most_holes = 8192;
/// What a file system makes a hole of. Data between holes has to fill whole blocks of 512, or GNU tar loses its place.
constexpr std::uint64_t k_hole_unit = 4096;
constexpr int k_level = 3;

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

/// The zeros of a recipe as holes. They are told before the content, so the recipe is read twice; the least length that a hole must
/// have doubles until all fit.
class HoleList {
 public:
  explicit HoleList(std::uint64_t file_size) : file_size_(file_size) {}
  void add(std::uint64_t zeros_begin, std::uint64_t zeros_end) {
    const std::uint64_t begin = (zeros_begin + k_hole_unit - 1) / k_hole_unit * k_hole_unit;
    const std::uint64_t end = zeros_end == file_size_ ? zeros_end : zeros_end / k_hole_unit * k_hole_unit;
    if (end < begin || end - begin < least_) return;
    holes_.push_back({begin, end - begin});
    while (holes_.size() > k_most_holes) {
      least_ *= 2;
      std::erase_if(holes_, [this](const Hole& one) { return one.length < least_; });
    }
  }
  std::vector<Hole> take() { return std::move(holes_); }

 private:
  std::uint64_t file_size_;
  std::uint64_t least_ = 1;
  std::vector<Hole> holes_;
};

std::vector<Hole> holes_of(const ObjectReader& objects, const ObjectId& recipe) {
  RecipeCursor at(objects, recipe);
  HoleList holes(at.size());
  for (; !at.at_end(); at.next())
    if (at.entry().kind == RecipeKind::zeros) holes.add(at.offset(), at.offset() + at.entry().length);
  return holes.take();
}

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
    }
    tar_.finish();
    return result_;
  }

 private:
  std::optional<StreamPiece> next_piece() {
    for (;;) {
      if (recipe_ && recipe_->at_end()) recipe_.reset();
      if (recipe_) {
        if (std::optional<StreamPiece> piece = next_stretch()) return piece;
        continue;
      }
      if (planned_.weight() >= k_most_planned) return std::nullopt;
      const std::optional<std::pair<std::string, TreeEntry>> next = next_entry();
      if (!next) {
        ended_ = true;
        return std::nullopt;
      }
      if (const std::optional<StreamPiece> piece = plan(next->first, next->second)) return piece;
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

  /// The first piece of its content; nothing if it has none, or if that is to come from its recipe.
  std::optional<StreamPiece> plan(const std::string& path, const TreeEntry& entry) {
    const bool content = is_regular(entry.kind) || entry.kind == EntryKind::symlink;
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
    // Without attributes, a file with zeros counts as sparse, as for a checkout.
    const bool sparse = add_attributes(path, member);
    std::uint64_t bytes = content && member.hard_link.empty() ? entry.size : 0;
    holes_.clear();
    hole_ = 0;
    if (entry.kind == EntryKind::large_file && bytes > 0) {
      recipe_.emplace(objects_, entry.id);
      if (recipe_->size() != entry.size)
        throw_corrupt(fmt::format("recipe {}: {}: holds {} bytes, its entry says {}", entry.id.hex(), escape_name(path),
                                  recipe_->size(), entry.size));
      if (sparse) holes_ = holes_of(objects_, entry.id);
    }
    member.holes = holes_;
    for (const Hole& hole : holes_) bytes -= hole.length;
    planned_.push({std::move(member), bytes});
    if (bytes == 0) recipe_.reset();
    else if (!recipe_) return StreamPiece{entry.id, entry.size, 0, entry.size};
    return std::nullopt;
  }

  /// True if the file was sparse.
  bool add_attributes(const std::string& path, ArchiveEntry& member) {
    if (!attributes_) return true;
    const std::string from_root = entries_ ? join_path(options_.path, path) : options_.path;
    const std::optional<Attributes> recorded = attributes_->at(from_root);
    if (damage_) throw *damage_;
    if (!recorded) return true;
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

  /// Nothing for zeros that are all hole.
  std::optional<StreamPiece> next_stretch() {
    const RecipeEntry stretch = recipe_->entry();
    const std::uint64_t offset = recipe_->offset();
    recipe_->next();
    const bool zeros = stretch.kind == RecipeKind::zeros;
    if (zeros && hole_ < holes_.size() && holes_[hole_].offset < offset + stretch.length) {
      const std::uint64_t beside = stretch.length - holes_[hole_++].length;
      if (beside == 0) return std::nullopt;
      return StreamPiece{std::nullopt, beside, 0, beside};
    }
    return StreamPiece{zeros ? std::optional<ObjectId>() : stretch.id, stretch.length, 0, stretch.length};
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
  std::optional<RecipeCursor> recipe_;
  std::vector<Hole> holes_;  // of that recipe
  std::size_t hole_ = 0;     // the next one
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
