#include "config/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "config/toml_document.h"

namespace store {
namespace {

using Items = std::vector<TomlItem>;

std::string_view section_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

std::string_view line_end(std::string_view text) {
  return text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
}

/// Where the line that holds `at` begins, and where the one after it begins.
std::size_t line_begin(std::string_view text, std::size_t at) {
  const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? mark_size(text) : before + 1;
}
std::size_t next_line(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

const TomlItem* find_item(const Items& items, std::string_view path) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const TomlItem& item) { return item.key == path; });
  return found == items.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_inline(const TomlItem& item, std::string_view name) {
  throw Error(ErrorKind::usage,
              fmt::format("{}:{}: {} is written inline; edit it by hand", name, item.line, item.key));
}

/// The last key written directly in a section: a new one goes below it, in the same form.
const TomlItem* last_of_section(const Items& items, std::string_view section) {
  const TomlItem* last = nullptr;
  for (const TomlItem& item : items)
    if (item.kind != TomlKind::table && !item.in_inline_table && section_of(item.key) == section)
      last = &item;
  return last;
}

/// The header [section] if it is written out; a table that only [section.more] implies has that header's
/// place.
const TomlItem* header_of_section(const Items& items, std::string_view text, std::string_view section) {
  const TomlItem* table = find_item(items, section);
  if (table == nullptr || table->kind != TomlKind::table || text[table->value_begin] != '[') return nullptr;
  const bool implied = std::any_of(items.begin(), items.end(), [&](const TomlItem& item) {
    return &item != table && item.kind == TomlKind::table && item.value_begin == table->value_begin;
  });
  return implied ? nullptr : table;
}

std::string insert_line(std::string_view text, std::size_t at, std::string_view line) {
  std::string result(text.substr(0, at));
  if (!result.empty() && result.back() != '\n') result += line_end(text);
  return result.append(line).append(line_end(text)).append(text.substr(at));
}

std::string append_section(std::string_view text, std::string_view section, std::string_view line) {
  std::string result(text);
  const std::string_view end = line_end(text);
  if (!result.empty() && result.back() != '\n') result += end;
  if (!result.empty()) result += end;
  return result.append(fmt::format("[{}]{}{}{}", section, end, line, end));
}

std::string insert_key(std::string_view text, const Items& items, std::string_view path,
                       std::string_view rendered, std::string_view name) {
  const std::string line = fmt::format("{} = {}", last_part(path), rendered);
  const std::string_view section = section_of(path);
  if (const TomlItem* last = last_of_section(items, section)) {
    const std::size_t begin = line_begin(text, last->key_begin);
    const std::string_view form =
        text.substr(begin, last->key_begin - begin);  // indentation and dotted parts
    return insert_line(text, next_line(text, last->value_end), fmt::format("{}{}", form, line));
  }
  if (const TomlItem* header = header_of_section(items, text, section))
    return insert_line(text, next_line(text, header->value_begin), line);
  const TomlItem* table = find_item(items, section);
  if (table != nullptr && text[table->value_begin] == '{') refuse_inline(*table, name);
  return append_section(text, section, line);
}

/// What every edit must leave alone: all keys but one, with their values.
std::vector<std::pair<std::string, std::vector<std::string>>> others(const Items& items,
                                                                     std::string_view path) {
  std::vector<std::pair<std::string, std::vector<std::string>>> result;
  for (const TomlItem& item : items)
    if (item.kind != TomlKind::table && item.key != path) result.emplace_back(item.key, item.values);
  std::sort(result.begin(), result.end());
  return result;
}

/// Refuses to hand out an edit that changed anything else.
std::string checked(std::string edited, const Items& before, std::string_view path, std::string_view name) {
  if (others(parse_toml(edited, name), path) != others(before, path))
    throw Error(ErrorKind::bug, fmt::format("{}: setting {} would change other keys", name, path));
  return edited;
}

const ConfigKey& key_for(std::string_view name, ConfigFileKind kind) {
  const ConfigKey& key = require_key(name);
  if (kind == ConfigFileKind::repository && key.scope != KeyScope::anywhere)
    throw Error(ErrorKind::usage, fmt::format("{}: not taken from a repository's file", key.name),
                "store config --user");
  return key;
}

/// The error of a file taken alone, if it has one.
std::optional<Error> fault_of(std::string_view text, ConfigFileKind kind, std::string_view name) {
  ConfigSources sources;
  (kind == ConfigFileKind::user ? sources.user : sources.repository) = {std::string(name), std::string(text)};
  try {
    const Config config(sources);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

/// An edit may leave a bad file bad (one of two bad values mended), but not make a good one bad.
std::string keep_good(std::string edited, std::string_view before, ConfigFileKind kind,
                      std::string_view name) {
  if (const std::optional<Error> fault = fault_of(edited, kind, name); fault && !fault_of(before, kind, name))
    throw *fault;
  return edited;
}

std::string render_list(const TomlItem* old, std::string_view value) {
  std::vector<std::string> values = old != nullptr ? old->values : std::vector<std::string>();
  if (std::find(values.begin(), values.end(), value) == values.end()) values.emplace_back(value);
  for (std::string& one : values) one = quote_toml(one);
  return fmt::format("[{}]", fmt::join(values, ", "));
}

}  // namespace

std::string render_toml(const ConfigKey& key, std::string_view value) {
  if (key.type == KeyType::boolean)
    return value == "true" || value == "yes" || value == "on" || value == "1" ? "true" : "false";
  const bool numeric = key.type == KeyType::number || key.type == KeyType::size || key.type == KeyType::level;
  const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (numeric && digits && (value == "0" || value[0] != '0')) return std::string(value);
  return quote_toml(value);
}

std::string set_toml_value(std::string_view text, std::string_view path, std::string_view rendered,
                           std::string_view name) {
  const Items items = parse_toml(text, name);
  const TomlItem* item = find_item(items, path);
  if (item != nullptr && item->kind == TomlKind::table)
    throw Error(ErrorKind::usage,
                fmt::format("{}:{}: {} is a table; edit it by hand", name, item->line, path));
  std::string edited(text);
  if (item != nullptr) {
    edited.replace(item->value_begin, item->value_end - item->value_begin, rendered);
  } else {
    edited = insert_key(text, items, path, rendered, name);
  }
  edited = checked(std::move(edited), items, path, name);
  const Items expected = parse_toml(fmt::format("value = {}", rendered), name),
              after = parse_toml(edited, name);
  const TomlItem* set = find_item(after, path);
  if (set == nullptr || set->values != expected.front().values)
    throw Error(ErrorKind::bug, fmt::format("{}: {} could not be set", name, path));
  return edited;
}

std::string set_config_value(std::string_view text, std::string_view key_name, std::string_view value,
                             ConfigFileKind kind, std::string_view name) {
  const ConfigKey& key = key_for(key_name, kind);
  Settings scratch;
  const std::string fault = key.apply(scratch, value);
  if (!fault.empty())
    throw Error(ErrorKind::usage, fmt::format("{}: \"{}\" {}", key.name, escape_name(value), fault));
  if (!is_valid_utf8(value))
    throw Error(ErrorKind::usage, fmt::format("{}: \"{}\" is not UTF-8", key.name, escape_name(value)));
  const Items items = parse_toml(text, name);
  const std::string rendered =
      key.type == KeyType::list ? render_list(find_item(items, key.name), value) : render_toml(key, value);
  return keep_good(set_toml_value(text, key.name, rendered, name), text, kind, name);
}

std::optional<std::string> unset_config_value(std::string_view text, std::string_view key_name,
                                              ConfigFileKind kind, std::string_view name) {
  const ConfigKey& key = require_key(key_name);
  const Items items = parse_toml(text, name);
  const TomlItem* item = find_item(items, key.name);
  if (item == nullptr) return std::nullopt;
  if (item->in_inline_table) refuse_inline(*item, name);
  std::string edited(text);
  const std::size_t begin = line_begin(text, item->key_begin);
  edited.erase(begin, next_line(text, item->value_end) - begin);
  return keep_good(checked(std::move(edited), items, key.name, name), text, kind, name);
}

}  // namespace store
