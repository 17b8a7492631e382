#include "app/status_format.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "app/change_output.h"
#include "app/quote.h"
#include "ops/merge_state.h"

namespace store {
namespace {

std::string shown_path(const StatusEntry& entry) {
  const bool bare = entry.directory && !entry.path.ends_with('/');
  return bare ? std::string(entry.path) + '/' : std::string(entry.path);
}

/// An entry of one of the lists.
struct Reference {
  const StatusList* list;
  std::size_t index;
  StatusEntry entry() const { return (*list)[index]; }
};

/// The byte at a position of the shown path; -1 behind its end.
int byte_at(const StatusEntry& entry, std::size_t at) {
  if (at < entry.path.size()) return static_cast<unsigned char>(entry.path[at]);
  const bool slash = at == entry.path.size() && entry.directory && !entry.path.ends_with('/');
  return slash ? '/' : -1;
}

/// By the plain bytes of the shown path.
bool before(const Reference& a, const Reference& b) {
  const StatusEntry left = a.entry();
  const StatusEntry right = b.entry();
  const std::size_t common = std::min(left.path.size(), right.path.size());
  if (const int order = left.path.substr(0, common).compare(right.path.substr(0, common)); order != 0) return order < 0;
  for (std::size_t at = common; at <= common + 1; ++at)
    if (const int x = byte_at(left, at), y = byte_at(right, at); x != y) return x < y;
  return false;
}

std::vector<Reference> sorted(std::initializer_list<const StatusList*> lists) {
  std::vector<Reference> references;
  std::size_t size = 0;
  for (const StatusList* list : lists) size += list->size();
  references.reserve(size);
  for (const StatusList* list : lists)
    for (std::size_t i = 0; i < list->size(); ++i) references.push_back({list, i});
  std::stable_sort(references.begin(), references.end(), before);
  return references;
}

}  // namespace

void for_each_status_line(const StatusResult& result, const std::function<void(const StatusLine&)>& visit) {
  const std::vector<Reference> tracked = sorted({&result.staged, &result.unstaged, &result.conflicted});
  for (std::size_t i = 0; i < tracked.size(); ++i) {
    StatusLine line;
    if (tracked[i].list == &result.conflicted) {
      const std::string_view letters = letters_of(result.conflicts[tracked[i].index]);
      visit({.staged = letters[0], .unstaged = letters[1], .path = shown_path(tracked[i].entry()), .from = {}});
      continue;
    }
    const auto take = [&](const Reference& reference) {
      const StatusEntry entry = reference.entry();
      (reference.list == &result.staged ? line.staged : line.unstaged) = letter_of(entry.change);
      line.path = shown_path(entry);
      if (!entry.from.empty()) line.from = entry.from;
    };
    take(tracked[i]);
    const bool both = i + 1 < tracked.size() && !before(tracked[i], tracked[i + 1]);
    if (both) take(tracked[++i]);
    visit(line);
  }
  const auto list = [&](const StatusList& entries, char letter) {
    for (const Reference& reference : sorted({&entries}))
      visit({.staged = letter, .unstaged = letter, .path = shown_path(reference.entry()), .from = {}});
  };
  list(result.untracked, '?');
  list(result.ignored, '!');
}

std::string porcelain_line(const StatusLine& line, const std::function<std::string(const std::string&)>& shown) {
  std::string text{line.staged, line.unstaged, ' '};
  if (!line.from.empty()) text += c_quoted(shown(line.from)) + " -> ";
  return text + c_quoted(shown(line.path));
}

std::string porcelain_record(const StatusLine& line) {
  std::string text{line.staged, line.unstaged, ' '};
  text += line.path + '\0';
  if (!line.from.empty()) text += line.from + '\0';
  return text;
}

}  // namespace store
