#include "ops/checkout_writer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/content_match.h"

namespace store {
namespace {

constexpr std::uint16_t k_owner_bits = 0700;

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

bool is_device(EntryKind kind) { return kind == EntryKind::char_device || kind == EntryKind::block_device; }

bool concerns_one_path(const Error& error) {
  return error.kind() != ErrorKind::no_space && error.kind() != ErrorKind::interrupted &&
         error.kind() != ErrorKind::bug;
}

}  // namespace

/// `visit(change, index)` for every change and its step.
template <typename Visit>
void CheckoutWriter::for_each(Visit visit) {
  const ChangeStream changes = source_();
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const std::optional<TreeChange> change = changes();
    if (!change) throw Error(ErrorKind::bug, "checkout: the changes differ from the plan");
    workspace_.check_cancelled();
    visit(*change, i);
  }
}

void CheckoutWriter::fail(const std::string& path, const Error& error) {
  if (!concerns_one_path(error)) throw error;
  if (error.kind() == ErrorKind::corrupt) result_.damaged = true;
  result_.failed.push_back({path, error.message()});
}

template <typename Action>
void CheckoutWriter::attempt(const std::string& path, Action action) {
  try {
    action();
  } catch (const Error& error) {
    fail(path, error);
  }
}

void CheckoutWriter::run() {
  unlock_directories();
  remove();
  make_directories();
  write_files();
  write_links_and_nodes();
  set_modes();
}

/// Names can only be changed in a directory whose owner may write to it: the bits come back in set_modes().
void CheckoutWriter::unlock_directories() {
  for_each([&](const TreeChange& change, std::size_t i) {
    const Step step = plan_.steps[i];
    const bool stays = step == Step::keep || step == Step::set_mode || step == Step::leave;
    const bool was_there = stays ? is_directory(change.after)
                                 : step == Step::remove_directory || step == Step::replace_directory;
    if (!was_there || (step == Step::keep && (change.after->mode & k_owner_bits) == k_owner_bits)) return;
    const std::optional<ScanEntry> found = scan_one(target_.fd(), change.path);
    if (!found || found->kind != EntryKind::directory || (found->mode & k_owner_bits) == k_owner_bits) return;
    target_.set_directory_mode(change.path, found->mode | k_owner_bits);
    if (step == Step::leave || step == Step::remove_directory) unlocked_.emplace(change.path, found->mode);
  });
}

void CheckoutWriter::remove() {
  for (const std::string& path : plan_.untracked_below) target_.remove_file(path);
  std::vector<std::string> directories;
  std::vector<std::string> must_go;
  for_each([&](const TreeChange& change, std::size_t i) {
    const Step step = plan_.steps[i];
    if (step == Step::remove || step == Step::turn_into_directory) target_.remove_file(change.path);
    if (step == Step::remove) ++result_.removed;
    if (step == Step::remove_directory || step == Step::replace_directory) directories.push_back(change.path);
    if (step != Step::replace_directory) return;
    must_go.push_back(change.path);
    remove_empty_below(change.path, directories);
  });
  for (auto path = directories.rbegin(); path != directories.rend(); ++path) {
    if (!target_.remove_directory(*path)) continue;
    unlocked_.erase(*path);
    ++result_.removed;
  }
  for (const std::string& path : must_go)
    if (scan_one(target_.fd(), path))
      throw Error(ErrorKind::conflict, fmt::format("{}: is a directory that is not empty", escape_name(path)))
          .with_paths({path});
}

/// Untracked directories hold no content: empty ones do not keep a directory alive that has to go.
void CheckoutWriter::remove_empty_below(const std::string& path, std::vector<std::string>& directories) const {
  Scanner scanner(target_.fd(), path, {});
  while (const std::optional<ScanEntry> inside = scanner.next())
    if (inside->kind == EntryKind::directory && inside->path != path) directories.push_back(inside->path);
}

void CheckoutWriter::make_directories() {
  // mkdir obeys the umask, which may leave the owner without the bits that the next steps need.
  std::optional<bool> umask_takes_owner_bits;
  for_each([&](const TreeChange& change, std::size_t i) {
    if (plan_.steps[i] != Step::make_directory && plan_.steps[i] != Step::turn_into_directory) return;
    if (!target_.make_directory(change.path)) return;
    ++result_.written;
    if (!umask_takes_owner_bits) {
      const std::optional<ScanEntry> made = scan_one(target_.fd(), change.path);
      umask_takes_owner_bits = made && (made->mode & k_owner_bits) != k_owner_bits;
    }
    if (*umask_takes_owner_bits) target_.set_directory_mode(change.path, k_owner_bits);
  });
}

void CheckoutWriter::write_files() {
  if (Progress* progress = workspace_.env().progress) {
    progress->enter(Stage::write);
    progress->files_total = plan_.files;
    progress->bytes_total = plan_.bytes;
  }
  const ChangeStream changes = source_();
  std::size_t index = 0;
  const auto next = [&]() -> std::optional<RestoreItem> {
    while (index < plan_.steps.size()) {
      const std::size_t i = index++;
      const std::optional<TreeChange> change = changes();
      if (!change) throw Error(ErrorKind::bug, "checkout: the changes differ from the plan");
      if (!writes_content(plan_.steps[i]) || !is_regular(change->after->kind)) continue;
      return RestoreItem{.path = change->path,
                         .kind = change->after->kind,
                         .mode = change->after->mode,
                         .size = change->after->size,
                         .id = change->after->id,
                         .replace = plan_.steps[i] == Step::replace,
                         .tag = i};
    }
    return {};
  };
  const auto done = [&](const RestoreItem& item, const StatKey& stat) {
    plan_.set_stat(item.tag, stat);
    ++result_.written;
    result_.bytes += item.size;
    if (on_written) on_written(item.path, item.id);
  };
  const auto failed = [&](const RestoreItem& item, const Error& error) { fail(item.path, error); };
  restore_files(workspace_.objects(), target_, next, done, failed,
                {.threads = workspace_.threads(),
                 .memory = plan_.memory_beside(workspace_.settings().performance.max_memory_usage),
                 .cancel = workspace_.env().cancel,
                 .progress = workspace_.env().progress});
}

/// Last, so that no link is there while anything else is written.
void CheckoutWriter::write_links_and_nodes() {
  for_each([&](const TreeChange& change, std::size_t i) {
    if (!writes_content(plan_.steps[i]) || is_regular(change.after->kind)) return;
    if (is_device(change.after->kind) && !workspace_.env().root) {
      ++result_.not_restored.device;
      plan_.steps[i] = Step::not_restored;
      return;
    }
    attempt(change.path, [&] { write_node(change, i); });
  });
}

void CheckoutWriter::write_node(const TreeChange& change, std::size_t index) {
  const TreeEntry& entry = *change.after;
  const auto replace = plan_.steps[index] == Step::replace ? TargetTree::File::Replace::yes
                                                           : TargetTree::File::Replace::no;
  if (entry.kind == EntryKind::symlink)
    target_.make_symlink(change.path, read_link_target(workspace_.objects(), entry), replace);
  else
    target_.make_node(change.path, entry.kind, entry.mode, entry.size, replace);
  ++result_.written;
  if (const std::optional<ScanEntry> made = scan_one(target_.fd(), change.path)) plan_.set_stat(index, made->stat);
  if (on_written) on_written(change.path, entry.id);
}

/// The mode that a directory gets at the end; nothing if it has it.
std::optional<std::uint16_t> CheckoutWriter::final_mode(const TreeChange& change, Step step) const {
  if (const auto kept = unlocked_.find(change.path); kept != unlocked_.end()) return kept->second;
  if (!is_directory(change.after)) return {};
  const bool locked = (change.after->mode & k_owner_bits) != k_owner_bits;
  const bool changed = step == Step::make_directory || step == Step::turn_into_directory || step == Step::set_mode;
  if (changed || (step == Step::keep && locked)) return change.after->mode;
  return {};
}

void CheckoutWriter::set_modes() {
  struct Directory {
    std::string path;
    std::uint16_t mode;
  };
  std::vector<Directory> open;  // from the outermost in, each set when everything below it is done
  const auto leave = [&] {
    attempt(open.back().path, [&] { target_.set_directory_mode(open.back().path, open.back().mode); });
    open.pop_back();
  };
  for_each([&](const TreeChange& change, std::size_t i) {
    while (!open.empty() && !is_within(change.path, open.back().path)) leave();
    const Step step = plan_.steps[i];
    if (step == Step::keep) ++result_.kept;
    if (step == Step::set_mode) ++result_.written;
    if (const std::optional<std::uint16_t> mode = final_mode(change, step))
      open.push_back({change.path, *mode});
    else if (step == Step::set_mode)
      attempt(change.path, [&] { set_file_mode(change, i); });
  });
  while (!open.empty()) leave();
}

void CheckoutWriter::set_file_mode(const TreeChange& change, std::size_t index) {
  const UniqueFd directory = target_.open_directory(std::string(parent_path(change.path)));
  const std::string name(base_name(change.path));
  workspace_.env().fs->chmod_at({directory.get(), name.c_str()}, change.after->mode);
  if (plan_.stats.empty()) return;
  StatKey& stat = plan_.stats[index];
  const std::optional<ScanEntry> now = scan_one(target_.fd(), change.path);
  const bool only_mode_changed = now && now->stat.size == stat.size && now->stat.mtime_ns == stat.mtime_ns &&
                                 now->stat.inode == stat.inode;
  stat = only_mode_changed ? now->stat : StatKey{};
}

}  // namespace store
