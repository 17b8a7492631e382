#include "ops/checkout_interrupted.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "ops/content_match.h"
#include "pipeline/resume.h"
#include "repo/directory.h"
#include "repo/recipe_cursor.h"
#include "worktree/source.h"
#include "worktree/target.h"

namespace store {
namespace {

constexpr std::uint64_t k_piece = 1u << 20;

struct CloseDirectory {
  void operator()(DIR* listing) const { ::closedir(listing); }
};

/// True for a session that the next add can use: it has a pack, or a journal of an add with something in it.
bool has_work_of_add(const DeadSession& session) {
  if (!is_add_session(session)) return false;
  if (stat_at(session.directory.get(), layout::k_pack_temporary)) return true;
  bool any_record = false;
  read_journal(session, [&](JournalRecord&&) { any_record = true; });
  return any_record;
}

/// Any range of a recipe's content, ascending; one stretch in memory. Behind the end there are zeros.
class RecipeContent {
 public:
  RecipeContent(const ObjectReader& objects, const ObjectId& recipe) : objects_(objects), recipe_(recipe) {}

  void read(std::uint64_t offset, MutableByteView out) {
    std::fill(out.begin(), out.end(), std::byte{0});
    if (!cursor_ || cursor_->offset() > offset) cursor_.emplace(objects_, recipe_, offset);
    for (; !cursor_->at_end() && cursor_->offset() < offset + out.size(); cursor_->next()) {
      const std::uint64_t begin = std::max(offset, cursor_->offset());
      const std::uint64_t end = std::min(offset + out.size(), cursor_->offset() + cursor_->entry().length);
      if (begin < end && cursor_->entry().kind == RecipeKind::chunk)
        copy(static_cast<std::size_t>(begin - cursor_->offset()), out.subspan(begin - offset, end - begin));
      if (end == offset + out.size()) return;
    }
  }

 private:
  void copy(std::size_t from, MutableByteView out) {
    const RecipeEntry& entry = cursor_->entry();
    if (chunk_id_ != entry.id) chunk_ = objects_.read({ObjectType::chunk, entry.id});
    chunk_id_ = entry.id;
    if (chunk_.size() != entry.length) throw_corrupt("chunk " + entry.id.hex() + ": has another length than its recipe says");
    std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(from), out.size(), out.begin());
  }

  const ObjectReader& objects_;
  ObjectId recipe_;
  std::optional<RecipeCursor> cursor_;
  std::optional<ObjectId> chunk_id_;
  Bytes chunk_;
};

/// Compares a file with two contents, from the start on.
class HalfWritten {
 public:
  HalfWritten(const Workspace& workspace, int fd, const ScanEntry& found, const JournalRewrite& rewrite)
      : workspace_(workspace),
        fd_(fd),
        path_(found.path),
        size_(found.stat.size),
        to_id_(rewrite.to),
        from_(workspace.objects(), rewrite.from),
        to_(workspace.objects(), rewrite.to),
        from_size_(RecipeCursor(workspace.objects(), rewrite.from).size()) {}

  bool check() {
    RecipeCursor at(workspace_.objects(), to_id_);
    if (size_ < std::min(from_size_, at.size()) || size_ > std::max(from_size_, at.size())) return false;
    for (; !at.at_end() && at.offset() < size_; at.next()) {
      const std::uint64_t end = at.offset() + at.entry().length;
      const bool whole = end <= size_ && stretch_matches(fd_, at.entry(), at.offset(), buffer_, path_);
      if (!whole && !is_either(at.offset(), std::min(end, size_))) return false;
    }
    return is_either(at.size(), size_);
  }

 private:
  bool is_either(std::uint64_t begin, std::uint64_t end) {
    for (; begin < end; begin += k_piece) {
      workspace_.check_cancelled();
      const auto length = static_cast<std::size_t>(std::min(k_piece, end - begin));
      for (Bytes* bytes : {&buffer_, &old_, &new_}) bytes->resize(length);
      if (pread_full(fd_, buffer_, begin, path_) != length) return false;
      from_.read(begin, old_);
      to_.read(begin, new_);
      for (std::size_t i = 0; i < length; ++i)
        if (buffer_[i] != old_[i] && buffer_[i] != new_[i]) return false;
    }
    return true;
  }

  const Workspace& workspace_;
  int fd_;
  const std::string& path_;
  std::uint64_t size_;
  ObjectId to_id_;
  RecipeContent from_;
  RecipeContent to_;
  std::uint64_t from_size_;
  Bytes buffer_, old_, new_;
};

TreeEntry large_file(const Workspace& workspace, const ObjectId& recipe) {
  return {.kind = EntryKind::large_file,
          .mode = 0,
          .size = RecipeCursor(workspace.objects(), recipe).size(),
          .name = {},
          .id = recipe};
}

/// Neither the old content nor the new one any more or yet.
bool is_unfinished(const Workspace& workspace, const JournalRewrite& rewrite) {
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), rewrite.path);
  if (!found || !is_regular(found->kind)) return false;
  for (const ObjectId& content : {rewrite.from, rewrite.to})
    if (content_matches(workspace, workspace.worktree_fd(), *found, large_file(workspace, content))) return false;
  return is_half_written(workspace, *found, rewrite);
}

}  // namespace

std::string operation_of(std::string_view kind, const CheckoutOptions& options) {
  std::string text(kind);
  const auto flag = [&](bool set, std::string_view name) {
    if (set) text.append(" ").append(name);
  };
  flag(options.force, "force");
  flag(options.from_index, "from_index");
  flag(options.keep_index, "keep_index");
  flag(options.remove, "remove");
  const auto name = [&](std::string_view label, std::string_view value) { text += fmt::format(" {}:{}:{}", label, value.size(), value); };
  name("branch", options.revision.branch);
  if (options.new_branch) name("new", *options.new_branch);
  for (const Pathspec& path : options.paths)
    name(fmt::format("path{}{}{}{}{}", path.fixed, path.literal ? 'l' : '-', path.exclude ? 'x' : '-', path.within_names ? 'g' : '-',
                     path.fold_case ? 'i' : '-'),
         path.pattern);
  return text;
}

Interrupted find_interrupted(const Workspace& workspace, const ObjectId& commit, const std::string& operation) {
  Interrupted found;
  const std::string this_boot = boot_id();
  found.target = {commit, operation, this_boot};
  for (DeadSession& session : adopt_dead_sessions(workspace.repository())) {
    if (has_work_of_add(session)) continue;
    JournalTarget target;
    std::optional<JournalDiscarded> discarded;
    read_journal(session, [&](JournalRecord&& record) {
      found.wrote = true;
      if (auto* said = std::get_if<JournalTarget>(&record)) {
        found.power_lost = found.power_lost || (said->commit == commit && said->boot_id != this_boot);
        target = std::move(*said);
      }
      if (const auto* said = std::get_if<JournalDiscarded>(&record)) discarded = *said;
      if (const auto* rewrite = std::get_if<JournalRewrite>(&record)) found.rewrites.emplace(rewrite->path, *rewrite);
    });
    const bool same_command = target.commit == commit && target.operation == operation;
    if (discarded && same_command) found.discarded.push_back(*discarded);
    else if (discarded && is_left_behind(workspace, *discarded))
      found.others.push_back({target, *discarded, session.about ? session.about->command : target.operation});
    found.sessions.push_back(std::move(session));
  }
  return found;
}

bool was_writing(const Repository& repository, const ObjectId& commit) {
  bool found = false;
  for (const DeadSession& session : adopt_dead_sessions(repository))
    read_journal(session, [&](JournalRecord&& record) {
      const auto* target = std::get_if<JournalTarget>(&record);
      found = found || (target != nullptr && target->commit == commit);
    });
  return found;
}

bool is_half_written(const Workspace& workspace, const ScanEntry& found, const JournalRewrite& rewrite) {
  const int directory = open_beneath(workspace.worktree_fd(), std::string(parent_path(found.path)), O_PATH | O_DIRECTORY);
  if (directory < 0) return false;
  const UniqueFd owner(directory);
  try {
    const SourceFile file = open_source(directory, std::string(base_name(found.path)), found.path);
    return file.stat.stat == found.stat && HalfWritten(workspace, file.fd.get(), found, rewrite).check() &&
           unchanged_since_open(file);
  } catch (const Error& error) {
    // What cannot be read, in the working tree or in the repository, is not known to be ours.
    if (error.errno_value() == 0 && error.kind() != ErrorKind::corrupt) throw;
    return false;
  }
}

void remove_interrupted(const Workspace& workspace, std::vector<DeadSession> sessions, const std::set<std::string>& decided) {
  for (DeadSession& session : sessions) {
    bool unfinished = false;
    read_journal(session, [&](JournalRecord&& record) {
      const auto* rewrite = std::get_if<JournalRewrite>(&record);
      if (rewrite != nullptr && !unfinished && !decided.contains(rewrite->path))
        unfinished = is_unfinished(workspace, *rewrite);
    });
    if (!unfinished) remove_session(workspace.repository(), std::move(session));
  }
}

void sync_sessions(const Repository& repository) {
  quietly([&] { sync_directory(repository.fs(), {repository.fd(), layout::k_sessions}); });
}

void remove_temporaries(FileSystem& fs, int target_fd, const std::string& directory, const IsContent& is_content) {
  UniqueFd fd(open_beneath(target_fd, directory, O_RDONLY | O_DIRECTORY));
  if (!fd) return;
  const std::unique_ptr<DIR, CloseDirectory> listing(::fdopendir(fd.get()));
  if (!listing) return;
  fd.release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(listing.get()))
    if (is_temporary_name(entry->d_name)) names.emplace_back(entry->d_name);
  for (const std::string& name : names) {
    const std::optional<struct stat> info = stat_at(::dirfd(listing.get()), name);
    if (!info || S_ISDIR(info->st_mode) || is_content(join_path(directory, name))) continue;
    fs.unlink({::dirfd(listing.get()), name.c_str()});
  }
}

}  // namespace store
