#include "ops/init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "config/edit.h"
#include "config/record.h"

namespace store {
namespace {

bool exists(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0;
}

bool is_directory(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

void make_directories(FileSystem& fs, const std::string& path) {
  if (path.empty() || is_directory(path)) return;
  make_directories(fs, std::string(parent_path(path)));
  try {
    fs.mkdir({AT_FDCWD, path.c_str()});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::exists || !is_directory(path)) throw;
  }
}

std::string first_line(const std::string& path) {
  const std::optional<Bytes> content = read_file(AT_FDCWD, path, 1u << 16);
  if (!content) return {};
  const std::string_view text = as_text(*content);
  return std::string(text.substr(0, text.find('\n')));
}

std::string absolute(const std::string& base, const std::string& path) {
  return path.starts_with('/') ? path : base + "/" + path;
}

/// The common directory of the git working tree at `top`: `.git` may be a file (gitdir:) that leads to a worktree's
/// folder (commondir).
std::string git_common_directory(const std::string& top) {
  std::string git = top + "/.git";
  if (!is_directory(git)) {
    const std::string line = first_line(git);
    if (!line.starts_with("gitdir: ")) return {};
    git = absolute(top, line.substr(8));
  }
  const std::string common = first_line(git + "/commondir");
  return common.empty() ? git : absolute(git, common);
}

std::string glob_escaped(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// Keeps git from seeing our repository: one line in info/exclude of the enclosing git working tree.
void hide_from_git(FileSystem& fs, const std::string& directory, std::vector<std::string>& notes) {
  std::string top = directory;
  while (!top.empty() && !exists(top + "/.git")) top = parent_path(top);
  if (top.empty()) return;
  const std::string common = git_common_directory(top);
  if (common.empty() || !is_directory(common)) return;
  const std::string inside = directory == top ? "" : glob_escaped(directory.substr(top.size()));
  const std::string line = fmt::format("{}/.store/", inside);
  const std::string file = common + "/info/exclude";
  const Bytes before = read_file(AT_FDCWD, file, 16u << 20).value_or(Bytes());
  const std::string text(as_text(before));
  if (("\n" + text).find("\n" + line + "\n") != std::string::npos) return;
  make_directories(fs, common + "/info");
  const std::string separator = text.empty() || text.back() == '\n' ? "" : "\n";
  replace_file(fs, AT_FDCWD, file, as_bytes(text + separator + line + "\n"), SyncDirectory::no);
  notes.push_back(fmt::format("added {} to {}", line, escape_name(file)));
  if (directory == top) notes.emplace_back(".git is content unless it is ignored or excluded");
}

void check_not_inside_repository(const Environment& env, const std::string& directory) {
  for (std::string at = directory; !at.empty(); at = parent_path(at)) {
    if (is_repository_name(base_name(at)))
      throw Error(ErrorKind::usage, fmt::format("{}: inside a repository folder", escape_name(directory)));
    if (at != directory && is_repository(at + "/.store") && env.warn)
      env.warn({"nested", fmt::format("{}: inside the working tree of {}", escape_name(directory), escape_name(at))});
  }
}

/// What was asked for must be what an existing repository has.
void check_same_settings(const Config& config, const Repository& repository, const InitOptions& options) {
  ConfigSources sources;
  sources.repository = {repository.path() + "/config", repository.config_text()};
  const Config existing(sources);
  for (const std::string& key : options.asked) {
    const std::optional<ConfigValue> wanted = config.find(key);
    const std::optional<ConfigValue> has = existing.find(key);
    const std::vector<std::string> differing = ids_differ(existing.settings(), config.settings());
    const bool differs = std::find(differing.begin(), differing.end(), key) != differing.end() ||
                         (key == "core.compression" &&
                          existing.settings().core.compression != config.settings().core.compression);
    if (!differs) continue;
    throw Error(ErrorKind::conflict, fmt::format("{}: {} is {} there, not {}", escape_name(repository.path()), key,
                                                 has ? has->value : "unset", wanted ? wanted->value : "unset"));
  }
}

void check_same_branch(const Repository& repository, const InitOptions& options) {
  if (!options.branch_asked) return;
  const std::string head = RefStore(repository).head().branch;
  if (head == std::string(layout::k_heads) + "/" + options.branch) return;
  const std::string there = head.empty() ? "detached" : "on " + head.substr(std::string_view(layout::k_heads).size() + 1);
  throw Error(ErrorKind::conflict, fmt::format("{}: HEAD is {} there, not on {}", escape_name(repository.path()),
                                               escape_name(there), escape_name(options.branch)),
              "store switch");
}

/// The record of what ids depend on, and the other values asked for as ordinary settings.
std::string config_text(const Config& config, const InitOptions& options) {
  std::string text = initial_repository_config(config);
  for (const std::string& key : options.asked)
    if (const std::optional<ConfigValue> value = config.find(key); value && key == "core.compression")
      text = set_config_value(text, key, value->value, ConfigFileKind::repository, layout::k_config);
  return text;
}

}  // namespace

std::string repository_folder(const InitOptions& options) {
  return options.bare || is_repository(options.directory) ? options.directory : options.directory + "/.store";
}

InitResult init(const Environment& env, const Config& config, const InitOptions& options) {
  InitResult result;
  result.path = repository_folder(options);
  check_not_inside_repository(env, options.directory);
  if (is_repository(result.path)) {
    const Repository repository(*env.fs, result.path);
    check_same_settings(config, repository, options);
    check_same_branch(repository, options);
    return result;
  }
  make_directories(*env.fs, options.directory);
  create_repository(*env.fs, result.path, config_text(config, options), options.branch);
  result.created = true;
  if (options.bare) return result;
  try {
    hide_from_git(*env.fs, options.directory, result.notes);
  } catch (const Error& error) {
    // The repository stands; git merely goes on seeing it.
    if (env.warn) env.warn({"git_exclude", error.message()});
  }
  return result;
}

}  // namespace store
