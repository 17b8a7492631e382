#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/checkout_attributes.h"
#include "ops/checkout_forms.h"
#include "ops/checkout_writer.h"
#include "ops/content_match.h"
#include "repo/recipe_nodes.h"
#include "worktree/index.h"

namespace store {
namespace {

/// What goes where: a tree's content into `directory`, or one entry at a name in it.
struct Destination {
  std::string directory;
  bool whole = false;  // a directory's content to a folder that is new or empty: it gets that directory's attributes
  ChangeSource source;
  IsContent is_content;
};

std::optional<struct stat> stat_path(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return {};
  return info;
}

bool is_directory(const std::string& path) {
  const std::optional<struct stat> info = stat_path(path);
  return info && S_ISDIR(info->st_mode);
}

/// An absolute path without "..", links to directories or slashes that are not needed; what is not there yet is taken by its name.
/// What happens at it happens where it says.
std::string resolved(std::string_view path) {
  std::string at;  // "" is the root
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      at.resize(at.empty() ? 0 : at.rfind('/'));
      continue;
    }
    at.append("/").append(name);
    if (!is_directory(at)) continue;
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(at.c_str(), nullptr), std::free);
    if (real) at = real.get();
    if (at == "/") at.clear();
  }
  return at.empty() ? "/" : at;
}

/// By identity: names may also differ in case, or by a mount.
bool lies_in_repository(const Repository& repository, std::string path) {
  const struct stat own = stat_fd(repository.fd(), repository.path());
  for (; !path.empty(); path.resize(path.rfind('/'))) {
    const std::optional<struct stat> info = stat_path(path);
    if (info && info->st_dev == own.st_dev && info->st_ino == own.st_ino) return true;
  }
  return false;
}

void make_directories(FileSystem& fs, const std::string& path) {
  if (const std::optional<struct stat> info = stat_path(path)) {
    if (S_ISDIR(info->st_mode)) return;
    throw Error(ErrorKind::conflict, fmt::format("{}: is there and is no directory", escape_name(path)))
        .with_paths({path});
  }
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) make_directories(fs, path.substr(0, slash));
  try {
    fs.mkdir({AT_FDCWD, path.c_str()}, 0777);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::exists) throw;  // somebody else was faster
  }
}

void validate(const Workspace& workspace, const ObjectId& tree) {
  walk_tree(workspace.objects(), tree, "", [&](const std::string&, const TreeEntry&) {
    workspace.check_cancelled();
    return true;
  });
}

bool is_new_or_empty(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(path.c_str()), ::closedir);
  if (!listing) return !stat_path(path);
  errno = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  if (const int value = errno; value != 0) throw_errno(value, "readdir", escape_name(path));
  return true;
}

/// The folder itself, after everything in it.
void restore_top(CheckoutAttributes& attributes, const std::string& directory) {
  if (!attributes.own()) return;
  const std::size_t slash = directory.rfind('/');
  const std::string name = directory.substr(slash + 1);
  if (name.empty()) return;
  const UniqueFd parent = open_readonly(AT_FDCWD, slash == 0 ? "/" : directory.substr(0, slash), O_DIRECTORY);
  TreeEntry entry;
  entry.kind = EntryKind::directory;
  const std::optional<struct stat> now = stat_at(parent.get(), name);
  if (!now) return;
  entry.mode = attributes.own()->mode.value_or(static_cast<std::uint16_t>(now->st_mode & 07777));
  attributes.apply({.directory_fd = parent.get(), .name = name, .fd = -1},
                   attributes.wanted(entry, *attributes.own(), "."), ".");
}

Destination destination_of(const Workspace& workspace, const CheckoutOptions& options, const std::string& out) {
  const ObjectReader& objects = workspace.objects();
  const ObjectId root = read_commit(objects, options.revision.commit).tree;
  const TreeEntry entry = find_in_tree(objects, root, options.subtree.value_or(""));
  if (entry.kind == EntryKind::directory) {
    validate(workspace, entry.id);
    check_paths_in_tree(objects, entry.id, options.paths);
    return {out, options.paths.empty() && is_new_or_empty(out), content_of(objects, entry.id, PathspecSet(options.paths)),
            [&objects, tree = entry.id](const std::string& path) { return entry_at(objects, tree, path).has_value(); }};
  }
  if (!options.paths.empty())
    throw Error(ErrorKind::usage, fmt::format("{}: is no directory, so paths in it make no sense",
                                              escape_name(*options.subtree)));
  const bool into_directory = is_directory(out);
  const std::size_t slash = out.rfind('/');
  const std::string name = into_directory ? entry.name : out.substr(slash + 1);
  const std::string parent = slash == 0 ? "/" : out.substr(0, slash);
  return {into_directory ? out : parent, false, single_entry(entry, name),
          [name](const std::string& path) { return path == name; }};
}

/// Of a folder in the working tree, what is tracked there is content too.
IsContent content_of_destination(const Workspace& workspace, const Destination& destination) {
  if (!workspace.has_worktree()) return destination.is_content;
  std::string root = resolved(workspace.worktree_path());
  if (root == "/") root.clear();
  if (!is_within(destination.directory, root)) return destination.is_content;
  const std::string below = destination.directory.substr(std::min(root.size() + 1, destination.directory.size()));
  const auto index = std::make_shared<const Index>(workspace.repository().fs(), workspace.repository().fd());
  return [is_wanted = destination.is_content, index, below](const std::string& path) {
    return is_wanted(path) || index->find(join_path(below, path)).has_value();
  };
}

/// Only one checkout at a time holds this lock on a folder; who has it may clean up after those that were killed. File systems
/// without it leave their temporaries.
UniqueFd try_own(const std::string& directory) {
  UniqueFd fd = open_readonly(AT_FDCWD, directory, O_DIRECTORY);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

/// What of a file takes room on disk; `data`: all but the runs of zeros of its recipe.
enum class Takes : std::uint8_t { nothing, data, size };

/// A file that was not sparse is written whole, and a hard link of another one takes nothing.
Takes space_of(const CheckoutAttributes& attributes, const std::optional<Attributes>& recorded, const TreeChange& change,
               const IsContent& is_content) {
  if (!recorded) return Takes::data;
  const std::optional<std::string> link = attributes.link_target(*recorded, *change.after);
  if (link && is_content(*link)) return Takes::nothing;
  return recorded->sparse ? Takes::data : Takes::size;
}

/// Bytes that the plan's files take on disk, in units of `block`.
template <typename TakesOf>
std::uint64_t needed_space(const ObjectReader& objects, const ChangeSource& source, const CheckoutPlan& plan,
                           std::uint64_t block, TakesOf takes) {
  std::uint64_t needed = 0;
  const ChangeStream changes = source();
  for (const Step step : plan.steps) {
    const std::optional<TreeChange> change = changes();
    if (!change || !writes_content(step) || !is_regular(change->after->kind)) continue;
    const Takes what = takes(*change);
    std::uint64_t size = what == Takes::nothing ? 0 : change->after->size;
    if (what == Takes::data && change->after->kind == EntryKind::large_file)
      size -= std::min(size, zeros_in(objects, change->after->id));
    const std::uint64_t rounded = size / block * block + (size % block != 0 ? block : 0);
    needed = saturating_add(needed, rounded);
  }
  return needed;
}

void check_space(const Workspace& workspace, const TargetTree& target, const Destination& destination,
                 const CheckoutPlan& plan, CheckoutAttributes& attributes) {
  struct statvfs info;
  if (::fstatvfs(target.fd(), &info) != 0 || info.f_frsize == 0) return;
  const std::uint64_t available = std::uint64_t{info.f_bavail} * info.f_frsize;
  // A file takes less than its size and one block: only if that might not fit, files are looked at one by one.
  if (saturating_add(plan.bytes, std::uint64_t{info.f_frsize} * plan.files) <= available) return;
  const CheckoutAttributes::Lookup lookup = attributes.lookup();
  const std::uint64_t needed =
      needed_space(workspace.objects(), destination.source, plan, info.f_frsize, [&](const TreeChange& change) {
        return space_of(attributes, lookup(change.path), change, destination.is_content);
      });
  if (needed <= available) return;
  throw Error(ErrorKind::no_space, fmt::format("{}: {} ({} bytes) are needed, {} ({} bytes) are free",
                                               escape_name(destination.directory), human_size(needed), needed,
                                               human_size(available), available));
}

/// `--force` overwrites files; it never deletes a directory that has files in it.
void check_force(const TargetTree& target, const ChangeSource& source, const CheckoutPlan& plan) {
  std::vector<std::string> full;
  const ChangeStream changes = source();
  for (const Step step : plan.steps) {
    const std::optional<TreeChange> change = changes();
    if (step != Step::replace_directory) continue;
    Scanner scanner(target.fd(), change->path, {});
    while (const std::optional<ScanEntry> inside = scanner.next())
      if (inside->kind != EntryKind::directory) full.push_back(inside->path);
  }
  if (!full.empty()) refuse_paths(std::move(full));
}

}  // namespace

CheckoutResult checkout_outside(Workspace& workspace, const CheckoutOptions& options) {
  if (!options.out->starts_with('/'))
    throw Error(ErrorKind::bug, fmt::format("checkout: {}: is not absolute", escape_name(*options.out)));
  const std::string out = resolved(*options.out);
  if (lies_in_repository(workspace.repository(), out))
    throw Error(ErrorKind::usage, fmt::format("{}: lies in the repository", escape_name(*options.out)));
  Session session = Session::open(workspace.repository(), workspace.env().command, workspace.lock_wait());
  const Destination destination = destination_of(workspace, options, out);
  FileSystem& fs = *workspace.env().fs;
  make_directories(fs, destination.directory);
  const TargetTree target(fs, destination.directory);
  const UniqueFd owned = try_own(destination.directory);
  const IsContent is_content = content_of_destination(workspace, destination);
  if (owned) remove_temporaries(fs, target.fd(), "", is_content);

  CheckoutPlan plan;
  OutsidePlanner planner(workspace, target.fd(), plan);
  const ChangeStream changes = destination.source();
  while (const std::optional<TreeChange> change = changes()) {
    workspace.check_cancelled();
    planner.decide(*change);
    const bool was_there = plan.steps.back() == Step::keep || plan.steps.back() == Step::set_mode;
    if (owned && was_there && change->after->kind == EntryKind::directory)
      remove_temporaries(fs, target.fd(), change->path, is_content);
  }
  if (!plan.in_the_way.empty() && !options.force) refuse_paths(std::move(plan.in_the_way));
  if (!plan.in_the_way.empty()) check_force(target, destination.source, plan);
  CheckoutResult result;
  CheckoutAttributes attributes(workspace, result);
  use_attributes_of(workspace.objects(), read_commit(workspace.objects(), options.revision.commit),
                    options.subtree.value_or(""), attributes, result);
  check_space(workspace, target, destination, plan, attributes);

  CheckoutWriter writer(workspace, target, destination.source, plan, result);
  if (attributes.any()) writer.attributes = &attributes;
  writer.run();
  if (destination.whole) restore_top(attributes, destination.directory);
  if (workspace.settings().core.fsync) target.sync();
  const RefStore::Head head = workspace.refs().head();
  result.head = head.commit;
  result.branch = head.branch.substr(head.branch.starts_with("refs/heads/") ? 11 : 0);
  session.remove();
  return result;
}

}  // namespace store
