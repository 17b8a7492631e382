#include "app/text_fill.h"

#include <algorithm>
#include <vector>

#include "app/table.h"

namespace store {
namespace {

constexpr std::size_t k_least_wide = 40;  // narrower windows have smaller indents

bool is_blank(char c) { return c == ' ' || c == '\n'; }

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && !is_blank(text[at])) ++at;
    words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

/// What stands in quotes is part of one word.
std::vector<std::string_view> shell_words_of(std::string_view command) {
  std::vector<std::string_view> words;
  char quote = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= command.size(); ++at) {
    const bool end = at == command.size() || (quote == 0 && command[at] == ' ');
    if (end) {
      if (at > begin) words.push_back(command.substr(begin, at - begin));
      begin = at + 1;
    } else if (quote == 0 && (command[at] == '\'' || command[at] == '"')) {
      quote = command[at];
    } else if (command[at] == quote) {
      quote = 0;
    }
  }
  return words;
}

/// `joint` stands at the end of each line but the last.
std::string laid_out(const std::vector<std::string_view>& words, std::size_t columns, Indent indent, std::string_view joint) {
  std::string out(indent.first, ' ');
  std::size_t used = indent.first;
  bool line_empty = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t width = display_columns(words[i]);
    const std::size_t reserved = i + 1 < words.size() ? joint.size() : 0;
    if (!line_empty && used + 1 + width + reserved > columns) {
      out += std::string(joint) + "\n" + std::string(indent.rest, ' ');
      used = indent.rest;
      line_empty = true;
    }
    if (!line_empty) out += ' ';
    out += words[i];
    used += width + (line_empty ? 0 : 1);
    line_empty = false;
  }
  return out + "\n";
}

}  // namespace

std::string fill(std::string_view text, std::size_t columns, Indent indent) {
  return laid_out(words_of(text), columns, indent, "");
}

std::string fill_paragraphs(std::string_view text, std::size_t columns) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += (out.empty() ? "" : "\n") + fill(text.substr(0, end), columns);
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

std::string fold(std::string_view text, std::size_t columns) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size()) + 2;
    for (std::string lead; !line.empty(); lead = "\n" + std::string(indent, ' ')) {
      const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
      const std::size_t room = columns - std::min(columns, lead.empty() ? 0 : indent);
      std::size_t cut = line.size();
      while (cut != line.npos && cut > begin && display_columns(line.substr(0, cut)) > room) cut = line.rfind(' ', cut - 1);
      if (cut == line.npos || cut <= begin) cut = std::min(line.find(' ', begin), line.size());  // one word: whole
      out += lead + std::string(line.substr(0, cut));
      line.remove_prefix(std::min(cut + 1, line.size()));
    }
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string fill_command(std::string_view command, std::size_t columns, Indent indent) {
  return laid_out(shell_words_of(command), columns, indent, " \\");
}

std::string fill_entry(std::string_view name, std::string_view text, std::size_t column, std::size_t columns, std::size_t name_indent) {
  if (columns < 2 * column) {
    const std::size_t indent = columns < k_least_wide ? 4 : 6;
    return fill(name, columns, {2, indent}) + fill(text, columns, {indent, indent});
  }
  std::string head = std::string(name_indent, ' ') + std::string(name);
  const std::size_t taken = display_columns(head);
  if (taken + 2 > column) return head + "\n" + fill(text, columns, {column, column});
  head.append(column - taken, ' ');
  return head + fill(text, columns, {column, column}).substr(column);
}

}  // namespace store
