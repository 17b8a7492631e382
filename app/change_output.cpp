#include "app/change_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/table.h"
#include "base/text.h"

namespace store {
namespace {

std::string_view color_of(Change change) {
  if (change == Change::added) return "\x1b[32m";
  return change == Change::deleted ? "\x1b[31m" : "\x1b[33m";
}

std::optional<ObjectId> id_of(const std::optional<TreeEntry>& entry) {
  if (!entry || entry->id.is_zero()) return {};
  return entry->id;
}

std::optional<std::uint64_t> size_of(const std::optional<TreeEntry>& entry) {
  if (!entry) return {};
  return entry->content_bytes();
}

std::string sizes_of(const ListedChange& change, std::uint64_t bytes, SizeText size) {
  if (!change.before || !change.after) return size(*size_of(change.after ? change.after : change.before));
  std::string text;
  if (change.before->mode != change.after->mode)
    text = fmt::format("mode {:04o} → {:04o}", change.before->mode, change.after->mode);
  if (change.directory() || (change.before->id == change.after->id && change.before->kind == change.after->kind))
    return text.empty() ? size(change.after->content_bytes()) : text;
  if (!text.empty()) text += ", ";
  return text + fmt::format("{} → {}, {} changed", size(change.before->content_bytes()),
                            size(change.after->content_bytes()), size(bytes));
}

}  // namespace

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

void begin_change(JsonWriter& json, const ListedChange& change, std::uint64_t changed_bytes) {
  json.begin_object();
  json.path_field("path", change.path);
  json.field("change", name_of(change.change));
  if (change.from.empty())
    json.field("from", std::optional<std::string>());
  else
    json.path_field("from", change.from);
  json.field("old_id", id_of(change.before));
  json.field("new_id", id_of(change.after));
  json.field("old_size", size_of(change.before));
  json.field("new_size", size_of(change.after));
  json.field("changed_bytes", changed_bytes);
}

std::string change_line(const ListedChange& change, std::uint64_t changed_bytes, const ChangeForm& form) {
  constexpr std::size_t k_letter_columns = 3;
  std::string name = escape_name(change.path) + (change.directory() ? "/" : "");
  if (!change.from.empty()) name = escape_name(change.from) + " -> " + name;
  std::string sizes = "  (" + sizes_of(change, changed_bytes, form.size) + ")";
  if (form.window && *form.window < k_narrow_window) {
    const std::size_t room = *form.window - std::min(*form.window, k_letter_columns);
    const auto fits = [&] { return display_columns(name) + display_columns(sizes) <= room; };
    if (!fits() && change.before && change.after) sizes = "  (" + form.size(changed_bytes) + " changed)";
    if (!fits()) sizes.clear();
    name = shortened(name, room, Keep::tail);
  }
  std::string letter(1, letter_of(change.change));
  if (form.color) letter = std::string(color_of(change.change)) + letter + "\x1b[0m";
  return letter + "  " + name + sizes;
}

}  // namespace store
