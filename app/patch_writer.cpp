#include "app/patch_writer.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "app/child_source.h"
#include "app/quote.h"
#include "base/error.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::uint64_t k_max_text = 16u << 20;
constexpr std::size_t k_text_probe = 8000;
constexpr std::size_t k_read_size = 64 * 1024;
constexpr std::string_view k_bold = "1", k_red = "31", k_green = "32", k_cyan = "36";

bool is_text(const std::string& content) {
  return content.find('\0') >= std::min(content.size(), k_text_probe);
}

/// A file that only this process and its children know.
UniqueFd memory_file(const std::string& content) {
  UniqueFd fd(memfd_create("diff", 0));  // no CLOEXEC: for the child
  if (!fd) throw_errno(errno, "memfd_create", "diff");
  for (std::size_t at = 0; at < content.size();) {
    const ssize_t written = ::write(fd.get(), content.data() + at, content.size() - at);
    if (written < 0) throw_errno(errno, "write", "diff");
    at += static_cast<std::size_t>(written);
  }
  return fd;
}

/// What diff(1) prints for two texts.
std::string run_diff(const std::string& before, const std::string& after, const std::map<std::string, std::string>& environment,
                     const CancelToken* cancel) {
  const UniqueFd old_file = memory_file(before);
  const UniqueFd new_file = memory_file(after);
  ChildSource child({.words = {"diff", "-u", fmt::format("/dev/fd/{}", old_file.get()), fmt::format("/dev/fd/{}", new_file.get())},
                     .environment = environment,
                     .cwd = "/",
                     .highest_status = 1},
                    cancel);
  std::string output;
  Bytes buffer(k_read_size);
  while (const std::size_t got = child.read(buffer)) output += as_text(ByteView(buffer).first(got));
  return output;
}

/// The mode as git writes it.
std::string git_mode(const TreeEntry& entry) {
  if (entry.kind == EntryKind::symlink) return "120000";
  return fmt::format("100{:03o}", entry.mode & 0777);
}

bool is_same_content(const ListedChange& change) {
  return change.before && change.after && change.before->kind == change.after->kind && change.before->id == change.after->id;
}

bool has_content(const std::optional<TreeEntry>& entry) {
  return !entry || is_regular(entry->kind) || entry->kind == EntryKind::symlink;
}

}  // namespace

void PatchWriter::line(const std::string& text, std::string_view color) {
  if (color_) out_.write("\x1b[" + std::string(color) + "m" + text + "\x1b[0m\n");
  else out_.write(text + "\n");
}

void PatchWriter::write(const ListedChange& change) {
  if (change.change == Change::typechange) {
    write({change.path, Change::deleted, {}, change.before, {}});
    write({change.path, Change::added, {}, {}, change.after});
    return;
  }
  if (change.directory() || !has_content(change.before) || !has_content(change.after)) {
    const std::string what = change.before && change.after
                                 ? fmt::format("mode {:04o} → {:04o}", change.before->mode, change.after->mode)
                                 : std::string(name_of(change.change));
    line(fmt::format("{} {}: {}", type_name(change.entry().kind), escape_name(change.path), what), k_bold);
    return;
  }
  write_header(change);
  if (!is_same_content(change)) write_content(change);
}

void PatchWriter::write_header(const ListedChange& change) {
  const std::string& from = change.from.empty() ? change.path : change.from;
  line("diff --git " + c_quoted("a/" + from) + " " + c_quoted("b/" + change.path), k_bold);
  const bool mode_changed = change.before && change.after && git_mode(*change.before) != git_mode(*change.after);
  if (!change.before) line("new file mode " + git_mode(*change.after), k_bold);
  if (!change.after) line("deleted file mode " + git_mode(*change.before), k_bold);
  if (mode_changed) {
    line("old mode " + git_mode(*change.before), k_bold);
    line("new mode " + git_mode(*change.after), k_bold);
  }
  if (change.change == Change::renamed) {
    line("similarity index 100%", k_bold);
    line("rename from " + c_quoted(from), k_bold);
    line("rename to " + c_quoted(change.path), k_bold);
  }
  if (is_same_content(change)) return;
  // Tells patch(1) that a symlink is one, too.
  const auto id = [](const std::optional<TreeEntry>& entry) { return (entry ? entry->id : ObjectId{}).short_hex(); };
  const std::string mode = change.before && change.after && !mode_changed ? " " + git_mode(*change.after) : "";
  line("index " + id(change.before) + ".." + id(change.after) + mode, k_bold);
}

std::optional<std::string> PatchWriter::text_of(const DiffSide& side, const std::string& path,
                                                const std::optional<TreeEntry>& entry) {
  if (!entry) return std::string();
  std::optional<std::string> content = content_of(workspace_, side, path, *entry, k_max_text);
  if (content && !is_text(*content)) return {};
  return content;
}

void PatchWriter::write_content(const ListedChange& change) {
  const std::string& from = change.from.empty() ? change.path : change.from;
  const std::optional<std::string> before = text_of(sides_.before, from, change.before);
  const std::optional<std::string> after = before ? text_of(sides_.after, change.path, change.after) : std::nullopt;
  if (before && after) write_hunks(change, *before, *after);
  else write_binary(change);
}

void PatchWriter::write_binary(const ListedChange& change) {
  const auto size = [](const std::optional<TreeEntry>& entry) { return human_size(entry ? entry->size : 0); };
  std::string text = "binary: " + size(change.before) + " → " + size(change.after);
  if (change.before && change.after) {
    std::uint64_t bytes = 0;
    std::uint64_t ranges = 0;
    RecipeDiff changed = changed_ranges(workspace_, sides_.after, change);
    while (const std::optional<ChangedRange> range = changed.next()) {
      bytes += std::max(range->old_length, range->new_length);
      ++ranges;
    }
    text += fmt::format(", {} changed in {}", human_size(bytes), counted(ranges, "range"));
  }
  line(text, k_cyan);
}

void PatchWriter::write_hunks(const ListedChange& change, const std::string& before, const std::string& after) {
  const std::string hunks = run_diff(before, after, environment_, workspace_.env().cancel);
  std::size_t at = 0;
  for (int heading = 0; heading < 2 && at < hunks.size(); ++heading) at = hunks.find('\n', at) + 1;  // names of descriptors
  if (at >= hunks.size()) return;  // nothing but a mode, or an empty file
  const std::string& from = change.from.empty() ? change.path : change.from;
  line("--- " + (change.before ? c_quoted("a/" + from) : std::string("/dev/null")), k_bold);
  line("+++ " + (change.after ? c_quoted("b/" + change.path) : std::string("/dev/null")), k_bold);
  if (!color_) {
    out_.write(std::string_view(hunks).substr(at));
    return;
  }
  while (at < hunks.size()) {
    const std::size_t end = std::min(hunks.find('\n', at), hunks.size());
    const std::string text = hunks.substr(at, end - at);
    const char first = text.empty() ? ' ' : text.front();
    if (first == '+') line(text, k_green);
    else if (first == '-') line(text, k_red);
    else if (first == '@') line(text, k_cyan);
    else out_.write(text + "\n");
    at = end + 1;
  }
}

}  // namespace store
