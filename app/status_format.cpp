#include "app/status_format.h"

#include <algorithm>
#include <map>

#include "app/quote.h"

namespace store {
namespace {

char letter_of(Change change) {
  switch (change) {
    case Change::added: return 'A';
    case Change::modified: return 'M';
    case Change::deleted: return 'D';
    case Change::renamed: return 'R';
    case Change::typechange: return 'T';
  }
  return '?';
}

std::string shown_path(const StatusEntry& entry) {
  const bool bare = entry.directory && !entry.path.ends_with('/');
  return bare ? entry.path + "/" : entry.path;
}

}  // namespace

std::vector<StatusLine> status_lines(const StatusResult& result) {
  std::map<std::string, StatusLine> tracked;
  for (const StatusEntry& entry : result.staged) {
    const std::string path = shown_path(entry);
    tracked[path] = {.staged = letter_of(entry.change), .path = path, .from = entry.from};
  }
  for (const StatusEntry& entry : result.unstaged) {
    StatusLine& line = tracked[shown_path(entry)];
    line.path = shown_path(entry);
    line.unstaged = letter_of(entry.change);
  }
  std::vector<StatusLine> lines;
  for (auto& [path, line] : tracked) lines.push_back(std::move(line));
  const auto append = [&](const std::vector<StatusEntry>& entries, char letter) {
    std::vector<std::string> paths;
    for (const StatusEntry& entry : entries) paths.push_back(shown_path(entry));
    std::sort(paths.begin(), paths.end());
    for (std::string& path : paths)
      lines.push_back({.staged = letter, .unstaged = letter, .path = std::move(path), .from = {}});
  };
  append(result.untracked, '?');
  append(result.ignored, '!');
  return lines;
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
