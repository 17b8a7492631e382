#include "ops/checkout_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/content_match.h"

namespace store {
namespace {

constexpr std::uint16_t k_owner_bits = 0700;
/// The target of a link that no change writes.
constexpr std::size_t k_no_change = ~std::size_t{0};

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

/// What is there stays there.
bool leaves_place(Step step) { return step == Step::keep || step == Step::set_mode || step == Step::leave; }

bool removes_file(Step step) { return step == Step::remove || step == Step::turn_into_directory; }

bool removes_directory(Step step) {
  return step == Step::remove_directory || step == Step::remove_tree || step == Step::replace_directory;
}

bool is_device(EntryKind kind) { return kind == EntryKind::char_device || kind == EntryKind::block_device; }

TargetTree::File::Replace replace_for(Step step) {
  return step == Step::replace || step == Step::rewrite ? TargetTree::File::Replace::yes : TargetTree::File::Replace::no;
}

bool concerns_one_path(const Error& error) {
  return error.kind() != ErrorKind::no_space && error.kind() != ErrorKind::interrupted &&
         error.kind() != ErrorKind::bug;
}

/// True if the file system refuses a file for what it is, or for its name: some have no links, some few characters, some one case.
bool has_no_place(EntryKind kind, const Error& error) {
  const int reason = error.errno_value();
  if (reason == EINVAL || reason == EILSEQ || reason == ENAMETOOLONG || reason == EEXIST) return true;
  return !is_regular(kind) && (reason == EPERM || reason == ENOSYS || reason == EOPNOTSUPP);
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
  const bool damaged = error.kind() == ErrorKind::corrupt;
  if (attributes != nullptr) return attributes->fail({path, error.message()}, damaged);
  result_.damaged = result_.damaged || damaged;
  result_.failed.push_back({path, error.message()});
}

/// What has no place here is expected to be absent from now on, not deleted.
void CheckoutWriter::fail_to_write(const std::string& path, std::size_t index, EntryKind kind, const Error& error) {
  fail(path, error);
  if (has_no_place(kind, error)) plan_.steps[index] = Step::not_restored;
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
  finish_all();
}

/// Names can only be changed in a directory whose owner may write to it: the bits come back in finish_all().
void CheckoutWriter::unlock_directories() {
  if (!plan_.any(leaves_place) && !plan_.any(removes_directory)) return;
  for_each([&](const TreeChange& change, std::size_t i) {
    const Step step = plan_.steps[i];
    const bool was_there = leaves_place(step) ? is_directory(change.after) : removes_directory(step);
    if (concerns_attributes_only(change)) return;  // nothing in it changes
    if (!was_there || (step == Step::keep && (change.after->mode & k_owner_bits) == k_owner_bits)) return;
    const std::optional<ScanEntry> found = scan_one(target_.fd(), change.path);
    if (!found || found->kind != EntryKind::directory || (found->mode & k_owner_bits) == k_owner_bits) return;
    target_.set_directory_mode(change.path, found->mode | k_owner_bits);
    if (step == Step::leave || step == Step::remove_directory || step == Step::remove_tree) unlocked_.emplace(change.path, found->mode);
  });
}

void CheckoutWriter::remove() {
  for (const std::string& path : plan_.untracked_below) target_.remove_file(path);
  if (!plan_.any(removes_file) && !plan_.any(removes_directory)) return;
  std::vector<std::string> directories;
  std::vector<std::string> must_go;
  for_each([&](const TreeChange& change, std::size_t i) {
    const Step step = plan_.steps[i];
    if (removes_file(step)) target_.remove_file(change.path);
    if (step == Step::remove) ++result_.removed;
    if (removes_directory(step)) directories.push_back(change.path);
    if (removes_directory(step) && step != Step::remove_directory) remove_empty_below(change.path, directories);
    if (step == Step::replace_directory) must_go.push_back(change.path);
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

CheckoutAttributes::Lookup CheckoutWriter::lookup() const {
  if (attributes != nullptr) return attributes->lookup();
  return [](const std::string&) -> std::optional<Attributes> { return std::nullopt; };
}

void CheckoutWriter::write_files() {
  if (Progress* progress = workspace_.env().progress) {
    progress->enter(Stage::write);
    progress->files_total = plan_.files;
    progress->bytes_total = plan_.bytes;
  }
  note_kept_links();
  write_contents(nullptr);
  if (!linked_.empty()) make_links();
}

RestoreItem CheckoutWriter::item_for(const TreeChange& change, std::size_t index,
                                     const std::optional<Attributes>& recorded) {
  RestoreItem item{.path = change.path,
                   .kind = change.after->kind,
                   .mode = change.after->mode,
                   .size = change.after->size,
                   .id = change.after->id,
                   .replace = replace_for(plan_.steps[index]) == TargetTree::File::Replace::yes,
                   .tag = index};
  if (const auto rewrite = plan_.rewrites.find(index); rewrite != plan_.rewrites.end())
    item.in_place = {.from = rewrite->second.from, .stat = rewrite->second.stat};
  if (!recorded) return item;
  item.holes = recorded->sparse ? RestoreItem::Holes::all : RestoreItem::Holes::none;
  WantedAttributes wanted = attributes->wanted(*change.after, *recorded, change.path);
  item.finish.initial_mode = initial_mode(wanted);
  item.finish.apply = [this, path = change.path, wanted = std::move(wanted)](const FilePlace& file) {
    attributes->apply(file, wanted, path);
  };
  return item;
}

/// Writes the plan's files, or only those of some changes. What becomes a hard link is put aside at first.
void CheckoutWriter::write_contents(const std::vector<std::size_t>* only) {
  const ChangeStream changes = source_();
  const CheckoutAttributes::Lookup attributes_of = lookup();
  std::size_t index = 0;
  std::size_t next_only = 0;
  const auto next = [&]() -> std::optional<RestoreItem> {
    while (index < plan_.steps.size()) {
      const std::size_t i = index++;
      const std::optional<TreeChange> change = changes();
      if (!change) throw Error(ErrorKind::bug, "checkout: the changes differ from the plan");
      if (!writes_content(plan_.steps[i]) || !is_regular(change->after->kind)) continue;
      if (only != nullptr) {
        if (next_only == only->size() || (*only)[next_only] != i) continue;
        ++next_only;
      }
      const std::optional<Attributes> recorded = attributes_of(change->path);
      if (only == nullptr && recorded) {
        std::optional<std::string> target = attributes->link_target(*recorded, *change->after);
        if (!target) target = other_name(*change, *recorded);
        if (target) {
          link_targets_.emplace(std::hash<std::string>()(*target), k_no_change);
          linked_.push_back(i);
          continue;
        }
      }
      return item_for(*change, i, recorded);
    }
    return {};
  };
  const auto done = [&](const RestoreItem& item, const StatKey& stat) {
    plan_.set_stat(item.tag, stat);
    ++result_.written;
    result_.bytes += item.written;
  };
  std::vector<RestoreItem> half_written;
  const auto failed = [&](const RestoreItem& item, const Error& error) {
    if (item.in_place && error.kind() != ErrorKind::conflict) half_written.push_back(item);
    fail_to_write(item.path, item.tag, item.kind, error);
  };
  restore_files(workspace_.objects(), target_, next, done, failed, restore_options());
  if (!half_written.empty()) put_back(std::move(half_written));
}

RestoreOptions CheckoutWriter::restore_options() const {
  return {.threads = workspace_.threads(),
          .memory = plan_.memory_beside(workspace_.settings().performance.max_memory_usage),
          .cancel = workspace_.env().cancel,
          .progress = workspace_.env().progress};
}

/// Files that could not be rewritten in place, as what they become is damaged, hold what they held before.
void CheckoutWriter::put_back(std::vector<RestoreItem> files) {
  const auto next = [&]() -> std::optional<RestoreItem> {
    if (files.empty()) return {};
    RestoreItem item = std::move(files.back());
    files.pop_back();
    const std::optional<ScanEntry> found = scan_one(target_.fd(), item.path);
    if (!found) throw Error(ErrorKind::conflict, fmt::format("{}: was changed meanwhile", escape_name(item.path)));
    const ObjectId previous = item.in_place->from;
    item.in_place = {.from = item.id, .stat = found->stat};
    item.id = previous;
    item.size = RecipeCursor(workspace_.objects(), previous).size();
    item.finish = {};
    return item;
  };
  const auto failed = [&](const RestoreItem& item, const Error& error) { fail(item.path, error); };
  RestoreOptions options = restore_options();
  options.progress = nullptr;
  restore_files(workspace_.objects(), target_, next, [](const RestoreItem&, const StatKey&) {}, failed, options);
}

/// Links files to the first of their group, or to another one that is there as it should be. Without one, or where the file system
/// refuses, they become files of their own.
void CheckoutWriter::make_links() {
  attributes->note_links();
  for_each([&](const TreeChange& change, std::size_t i) {
    if (!is_wanted(plan_.steps[i]) || !is_regular(change.after->kind)) return;
    const auto target = link_targets_.find(std::hash<std::string>()(change.path));
    if (target != link_targets_.end()) target->second = i;
  });
  const CheckoutAttributes::Lookup attributes_of = lookup();
  std::vector<std::size_t> on_their_own;
  std::size_t next = 0;
  for_each([&](const TreeChange& change, std::size_t i) {
    if (next == linked_.size() || linked_[next] != i) return;
    ++next;
    const std::optional<Attributes> recorded = attributes_of(change.path);
    const std::optional<std::string> first =
        recorded ? attributes->link_target(*recorded, *change.after) : std::nullopt;
    if (first && make_link(change, i, *first)) return;
    const std::optional<std::string> other = recorded ? other_name(change, *recorded) : std::nullopt;
    if (!other || !make_link(change, i, *other)) on_their_own.push_back(i);
  });
  if (!on_their_own.empty()) write_contents(&on_their_own);
}

/// Without an index, what is there already tells which file a first name that is missing was one of.
void CheckoutWriter::note_kept_links() {
  if (attributes == nullptr || links != nullptr || !attributes->selection().hardlinks) return;
  if (std::find(plan_.steps.begin(), plan_.steps.end(), Step::keep) == plan_.steps.end()) return;
  const CheckoutAttributes::Lookup attributes_of = lookup();
  for_each([&](const TreeChange& change, std::size_t i) {
    if (plan_.steps[i] != Step::keep || is_directory(change.after)) return;
    const std::optional<Attributes> recorded = attributes_of(change.path);
    const std::optional<std::string> first = recorded ? attributes->link_target(*recorded, *change.after) : std::nullopt;
    if (first) kept_links_.emplace(*first, change.path);
  });
}

/// Another name of the file that a path is one of, for where the first is not there.
std::optional<std::string> CheckoutWriter::other_name(const TreeChange& change, const Attributes& recorded) const {
  if (links != nullptr) return links->other_of(change, recorded);
  const auto kept = kept_links_.find(change.path);
  return kept == kept_links_.end() ? std::nullopt : std::optional(kept->second);
}

bool CheckoutWriter::make_link(const TreeChange& change, std::size_t index, const std::string& target) {
  try {
    const std::optional<ScanEntry> found = scan_one(target_.fd(), target);
    if (!found || !is_regular(found->kind) || !is_as_written(*found, target, change.after->size)) return false;
    const TargetTree::File::Replace replace = replace_for(plan_.steps[index]);
    if (!target_.make_link(target, change.path, replace)) return false;
  } catch (const Error& error) {
    fail(change.path, error);
    return true;
  }
  ++result_.written;
  if (const std::optional<ScanEntry> made = scan_one(target_.fd(), change.path)) plan_.set_stat(index, made->stat);
  if (Progress* progress = workspace_.env().progress) {
    ++progress->files_done;
    progress->bytes_done += change.after->size;
  }
  return true;
}

/// True if what is at the path is what this checkout wrote or found there, and nobody changed it.
bool CheckoutWriter::is_as_written(const ScanEntry& found, const std::string& path, std::uint64_t size) const {
  const auto known = link_targets_.find(std::hash<std::string>()(path));
  const std::size_t written = known == link_targets_.end() ? k_no_change : known->second;
  if (written != k_no_change && plan_.stats.empty())
    return found.stat.size == size && std::none_of(result_.failed.begin(), result_.failed.end(),
                                                   [&](const PathFailure& failure) { return failure.path == path; });
  std::optional<StatKey> expected;
  if (written != k_no_change) expected = plan_.stats[written];
  else if (links != nullptr) expected = links->untouched(path);
  // Not the time of status change: a link made before has moved it.
  return expected && found.stat.inode == expected->inode && found.stat.device == expected->device &&
         found.stat.size == expected->size && found.stat.mtime_ns == expected->mtime_ns;
}

/// Last, so that no link is there while anything else is written.
void CheckoutWriter::write_links_and_nodes() {
  const CheckoutAttributes::Lookup attributes_of = lookup();
  for_each([&](const TreeChange& change, std::size_t i) {
    if (!writes_content(plan_.steps[i]) || is_regular(change.after->kind)) return;
    if (is_device(change.after->kind) && !workspace_.env().root) {
      ++result_.not_restored.device;
      plan_.steps[i] = Step::not_restored;
      return;
    }
    try {
      write_node(change, i, attributes_of(change.path));
    } catch (const Error& error) {
      fail_to_write(change.path, i, change.after->kind, error);
    }
  });
}

void CheckoutWriter::write_node(const TreeChange& change, std::size_t index, const std::optional<Attributes>& recorded) {
  const TreeEntry& entry = *change.after;
  const TargetTree::File::Replace replace = replace_for(plan_.steps[index]);
  if (!recorded || !link_node(change, *recorded, replace)) {
    if (entry.kind == EntryKind::symlink)
      target_.make_symlink(change.path, read_link_target(workspace_.objects(), entry), replace);
    else
      target_.make_node(change.path, entry.kind, entry.mode, entry.size, replace);
  }
  ++result_.written;
  finish_entry(change, index, recorded);
}

/// A link or node with several names; its first name comes before it in path order, so it is there by now if it ever will be.
bool CheckoutWriter::link_node(const TreeChange& change, const Attributes& recorded, TargetTree::File::Replace replace) {
  const auto is_there = [&](const std::optional<std::string>& path) {
    const std::optional<ScanEntry> found = path ? scan_one(target_.fd(), *path) : std::nullopt;
    return found && content_matches(workspace_, target_.fd(), *found, *change.after);
  };
  std::optional<std::string> target = attributes->link_target(recorded, *change.after);
  if (!is_there(target)) target = other_name(change, recorded);
  if (!is_there(target)) return false;
  attributes->note_links();
  return target_.make_link(*target, change.path, replace);
}

/// Attributes of what is no regular file and no directory, and its stat.
void CheckoutWriter::finish_entry(const TreeChange& change, std::size_t index, const std::optional<Attributes>& recorded) {
  if (recorded) {
    const UniqueFd directory = target_.open_directory(std::string(parent_path(change.path)));
    const std::string name(base_name(change.path));
    attributes->apply({.directory_fd = directory.get(), .name = name, .fd = -1},
                      attributes->wanted(*change.after, *recorded, change.path), change.path);
  }
  if (const std::optional<ScanEntry> made = scan_one(target_.fd(), change.path)) plan_.set_stat(index, made->stat);
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

/// Modes and attributes of directories, each when everything below it is done, and of what was there already.
void CheckoutWriter::finish_all() {
  struct Directory {
    std::string path;
    std::uint16_t mode;
    std::optional<Attributes> recorded;
  };
  std::vector<Directory> open;  // from the outermost in
  const auto leave = [&] {
    const Directory& directory = open.back();
    attempt(directory.path, [&] { finish_directory(directory.path, directory.mode, directory.recorded); });
    open.pop_back();
  };
  const CheckoutAttributes::Lookup attributes_of = lookup();
  for_each([&](const TreeChange& change, std::size_t i) {
    while (!open.empty() && !is_within(change.path, open.back().path)) leave();
    const Step step = plan_.steps[i];
    if (step == Step::keep) ++result_.kept;
    if (step == Step::set_mode) ++result_.written;
    const std::optional<std::uint16_t> mode = final_mode(change, step);
    const bool directory = is_directory(change.after) && is_wanted(step);
    const bool restores = directory && (step != Step::keep || !restores_directory || restores_directory(change.path));
    const std::optional<Attributes> recorded =
        restores || (!directory && (step == Step::keep || step == Step::set_mode)) ? attributes_of(change.path)
                                                                                    : std::nullopt;
    if (mode || (restores && recorded))
      open.push_back({change.path, mode.value_or(change.after ? change.after->mode : 0), recorded});
    else if (recorded)
      attempt(change.path, [&] { refresh_kept(change, i, recorded); });
    else if (step == Step::set_mode)
      attempt(change.path, [&] { set_file_mode(change, i); });
  });
  while (!open.empty()) leave();
}

void CheckoutWriter::finish_directory(const std::string& path, std::uint16_t mode,
                                      const std::optional<Attributes>& recorded) {
  if (!recorded) return target_.set_directory_mode(path, mode);
  const UniqueFd parent = target_.open_directory(std::string(parent_path(path)));
  const std::string name(base_name(path));
  TreeEntry entry;
  entry.kind = EntryKind::directory;
  entry.mode = mode;
  attributes->apply({.directory_fd = parent.get(), .name = name, .fd = -1}, attributes->wanted(entry, *recorded, path), path);
}

/// What was there with the wanted content gets the wanted attributes, too.
void CheckoutWriter::refresh_kept(const TreeChange& change, std::size_t index, const std::optional<Attributes>& recorded) {
  const std::optional<ScanEntry> before = scan_one(target_.fd(), change.path);
  if (!attributes->refresh(target_.fd(), change.path, attributes->wanted(*change.after, *recorded, change.path))) return;
  if (plan_.stats.empty()) return;
  StatKey& stat = plan_.stats[index];
  const std::optional<ScanEntry> now = scan_one(target_.fd(), change.path);
  const bool ours = before && now && before->stat == stat && now->stat.inode == stat.inode && now->stat.size == stat.size;
  stat = ours ? now->stat : StatKey{};
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
