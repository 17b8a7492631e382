#include "worktree/ignore.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "worktree/scanner.h"
#include "worktree/wildmatch.h"

namespace store {
namespace {

constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";

/// Spaces at the end do not count unless a backslash stands before them.
std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool escaped = line[at] == '\\' && at + 1 < line.size();
    at += escaped;
    if (escaped || line[at] != ' ') end = at + 1;
  }
  return line.substr(0, end);
}

IgnoreRule parse_rule(std::string_view line, std::uint32_t number) {
  IgnoreRule rule;
  rule.text = line;
  rule.line = number;
  std::string_view pattern = rule.text;
  if (pattern.starts_with('!')) {
    rule.negative = true;
    pattern.remove_prefix(1);
  }
  if (pattern.ends_with('/')) {
    rule.directory_only = true;
    pattern.remove_suffix(1);
  }
  rule.name_only = pattern.find('/') == std::string_view::npos;
  rule.suffix = rule.name_only && pattern.starts_with('*') &&
                literal_length(pattern.substr(1)) == pattern.size() - 1;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  rule.begin = static_cast<std::uint32_t>(pattern.data() - rule.text.data());
  rule.length = static_cast<std::uint32_t>(pattern.size());
  rule.literal = static_cast<std::uint32_t>(literal_length(pattern));
  return rule;
}

bool matches_name(const IgnoreRule& rule, std::string_view name) {
  const std::string_view pattern = rule.pattern();
  if (rule.literal == pattern.size()) return name == pattern;
  if (rule.suffix) return name.ends_with(pattern.substr(1));
  return name.substr(0, rule.literal) == pattern.substr(0, rule.literal) &&
         wildmatch(pattern, name, Wildcard::within_name);
}

/// What stands before the first glob character is compared, and only the rest is matched as a pattern: so a `**` right behind it
/// counts as one at the beginning, as in git.
bool matches_path(const IgnoreRule& rule, std::string_view below) {
  const std::string_view pattern = rule.pattern();
  if (!below.starts_with(pattern.substr(0, rule.literal))) return false;
  return wildmatch(pattern.substr(rule.literal), below.substr(rule.literal), Wildcard::within_name);
}

}  // namespace

IgnoreFile::IgnoreFile(std::string source, std::string directory, std::string_view text)
    : source_(std::move(source)), directory_(std::move(directory)) {
  if (text.starts_with(k_byte_order_mark)) text.remove_prefix(k_byte_order_mark.size());
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (line.ends_with('\r')) line.remove_suffix(1);
    // A line of nothing but spaces is a rule, too, for what has no name: "d/" to check-ignore.
    rules_.push_back(parse_rule(without_trailing_spaces(line.substr(0, line.find('\0'))), number));
  }
}

bool IgnoreFile::matches(const IgnoreRule& rule, std::string_view below, std::string_view name,
                         bool is_directory) const {
  if (rule.directory_only && !is_directory) return false;
  return rule.name_only ? matches_name(rule, name) : matches_path(rule, below);
}

const IgnoreRule* IgnoreFile::match(std::string_view path, bool is_directory) const {
  const std::string_view name = base_name(path);
  const std::string_view below = directory_.empty() ? path : path.substr(directory_.size() + 1);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
    if (matches(*rule, below, name, is_directory)) return &*rule;
  return nullptr;
}

IgnoreScope::Pointer IgnoreScope::outside(std::vector<IgnoreFile> whole_tree) {
  auto scope = std::make_shared<IgnoreScope>();
  scope->files_ = std::move(whole_tree);
  return scope;
}

IgnoreScope::Pointer IgnoreScope::inside(Pointer outer, std::string_view directory,
                                         std::optional<IgnoreFile> rules) {
  std::optional<IgnoreMatch> whole;
  if (!directory.empty()) {
    whole = outer->match(directory, true);
    if (whole && whole->rule->negative) whole.reset();
  }
  const bool already = outer->whole_.has_value();
  if (already || (!whole && (!rules || rules->empty()))) return outer;
  auto scope = std::make_shared<IgnoreScope>();
  scope->whole_ = whole;
  if (!whole) scope->files_.push_back(std::move(*rules));
  scope->outer_ = std::move(outer);
  return scope;
}

IgnoreScope::Pointer IgnoreScope::of_directory(Pointer outside, int root_fd, const std::string& directory) {
  const auto rules_in = [&](const std::string& path) -> std::optional<IgnoreFile> {
    const UniqueFd fd(open_beneath(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd ? read_ignore_file(fd.get(), path) : std::nullopt;
  };
  Pointer scope = inside(std::move(outside), "", rules_in(""));
  for (std::size_t end = 0; end < directory.size();) {
    end = std::min(directory.find('/', end + 1), directory.size());
    const std::string path = directory.substr(0, end);
    std::optional<IgnoreFile> rules = scope->whole_ ? std::nullopt : rules_in(path);
    scope = inside(std::move(scope), path, std::move(rules));
  }
  return scope;
}

std::optional<IgnoreMatch> IgnoreScope::match(std::string_view path, bool is_directory) const {
  if (whole_) return whole_;
  for (const IgnoreScope* scope = this; scope != nullptr; scope = scope->outer_.get())
    for (const IgnoreFile& file : scope->files_)
      if (const IgnoreRule* rule = file.match(path, is_directory)) return IgnoreMatch{&file, rule};
  return std::nullopt;
}

bool IgnoreScope::ignores(std::string_view path, bool is_directory) const {
  const std::optional<IgnoreMatch> found = match(path, is_directory);
  return found && !found->rule->negative;
}

std::optional<IgnoreFile> read_ignore_file(int directory_fd, const std::string& path) {
  const std::string name(k_ignore_file);
  const UniqueFd fd(::openat(directory_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return std::nullopt;
  const std::string source = join_path(path, name);
  if (!S_ISREG(stat_fd(fd.get(), source).st_mode)) return std::nullopt;
  Bytes bytes(4096);
  std::size_t size = 0;
  while ((size += pread_full(fd.get(), MutableByteView(bytes).subspan(size), size, source)) == bytes.size() &&
         size <= k_max_ignore_file)
    bytes.resize(bytes.size() * 2);
  if (size > k_max_ignore_file)
    throw Error(ErrorKind::usage, fmt::format("{}: is longer than {} bytes, the most that ignore rules may take",
                                              escape_name(source), k_max_ignore_file));
  return IgnoreFile(source, path, as_text(ByteView(bytes).first(size)));
}

}  // namespace store
