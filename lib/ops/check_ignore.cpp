#include "ops/check_ignore.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"

namespace store {
namespace {

void add_rules(std::vector<IgnoreFile>& files, int directory_fd, const std::string& name, std::string source) {
  std::optional<Bytes> text;
  try {
    text = read_file(directory_fd, name, k_max_ignore_file);
  } catch (Error& error) {
    // Longer than ignore rules may be: nothing is damaged.
    if (error.kind() != ErrorKind::corrupt) throw;
    throw Error(ErrorKind::usage, fmt::format("{}: is longer than {} bytes, the most that ignore rules may take",
                                              escape_name(source), k_max_ignore_file));
  }
  if (text) files.emplace_back(std::move(source), std::string(), as_text(*text));
}

}  // namespace

IgnoreScope::Pointer whole_tree_rules(const Workspace& workspace) {
  std::vector<IgnoreFile> files;
  const std::string folder(base_name(workspace.repository().path()));
  add_rules(files, workspace.repository().fd(), layout::k_exclude, join_path(folder, layout::k_exclude));
  const std::string& user = workspace.env().user_ignore_file;
  if (!user.empty()) add_rules(files, AT_FDCWD, user, user);
  return IgnoreScope::outside(std::move(files));
}

IgnoreQuery::IgnoreQuery(const Workspace& workspace)
    : root_fd_(workspace.worktree_fd()), outside_(whole_tree_rules(workspace)) {}

std::optional<IgnoredPath> IgnoreQuery::ask(const std::string& path, bool with_slash) {
  if (path.empty()) return std::nullopt;
  const std::string_view parent = parent_path(path);
  if (scope_ == nullptr || directory_ != parent) {
    directory_ = parent;
    scope_ = IgnoreScope::of_directory(outside_, root_fd_, directory_);
  }
  const std::optional<ScanEntry> found = scan_one(root_fd_, path);
  const bool is_directory = found && found->kind == EntryKind::directory;
  IgnoreScope::Pointer inside;
  std::optional<IgnoreMatch> match = scope_->match(path, is_directory || with_slash);
  if (with_slash && (!match || match->rule->negative)) {
    // To git "d/" is something in d, without a name: what decides about all that is in d decides about it.
    inside = IgnoreScope::of_directory(outside_, root_fd_, path);
    match = inside->match(path + "/", is_directory);
  }
  if (!match) return std::nullopt;
  return IgnoredPath{.path = path,
                     .source = match->file->source(),
                     .line = match->rule->line,
                     .pattern = match->rule->text,
                     .negative = match->rule->negative};
}

}  // namespace store
