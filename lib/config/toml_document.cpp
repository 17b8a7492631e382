#include "config/toml_document.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/error.h"

namespace store {
namespace {

// Our keys have at most three parts; what is deeper is unknown as a whole.
constexpr int k_max_depth = 4;

/// toml++ counts code points from 1 in a line; edits need bytes.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text), lines_{mark_size(text)} {
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') lines_.push_back(i + 1);
  }
  std::size_t offset(const toml::source_position& position) const {
    std::size_t at = lines_.at(position.line - 1);
    for (std::size_t column = 1; column < position.column && at < text_.size(); ++column) {
      ++at;
      while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xc0) == 0x80) ++at;
    }
    return at;
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> lines_;
};

void read_list(const toml::array& list, TomlItem& item) {
  item.kind = TomlKind::list;
  for (const toml::node& element : list) {
    if (const auto* text = element.as_string()) {
      item.values.push_back(text->get());
    } else {
      item.kind = TomlKind::other;
    }
  }
}

void read_value(const toml::node& node, TomlItem& item) {
  if (const auto* flag = node.as_boolean()) {
    item.kind = TomlKind::boolean;
    item.values = {flag->get() ? "true" : "false"};
  } else if (const auto* number = node.as_integer()) {
    item.kind = TomlKind::integer;
    item.values = {std::to_string(number->get())};
  } else if (const auto* text = node.as_string()) {
    item.kind = TomlKind::text;
    item.values = {text->get()};
  } else if (const auto* list = node.as_array()) {
    read_list(*list, item);
  }
}

struct Walk {
  const Places& places;
  std::vector<TomlItem>& items;

  void table(const toml::table& table, const std::string& prefix, bool in_inline_table, int depth) {
    for (const auto& [key, node] : table) {
      TomlItem item;
      item.key = prefix + std::string(key.str());
      item.line = key.source().begin.line;
      item.key_begin = places.offset(key.source().begin);
      item.value_begin = places.offset(node.source().begin);
      item.value_end = places.offset(node.source().end);
      item.in_inline_table = in_inline_table;
      const toml::table* below = depth < k_max_depth ? node.as_table() : nullptr;
      if (below != nullptr) {
        item.kind = TomlKind::table;
      } else {
        read_value(node, item);
      }
      items.push_back(item);
      if (below != nullptr)
        this->table(*below, item.key + '.', in_inline_table || below->is_inline(), depth + 1);
    }
  }
};

void check_size(std::string_view text, std::string_view name) {
  if (text.size() > k_max_config_size)
    throw Error(ErrorKind::usage,
                fmt::format("{}: {} bytes exceed limit {}", name, text.size(), k_max_config_size));
  const auto nesting =
      std::count_if(text.begin(), text.end(), [](char c) { return c == '.' || c == '[' || c == '{'; });
  if (static_cast<std::size_t>(nesting) > k_max_config_nesting)
    throw Error(ErrorKind::usage,
                fmt::format("{}: {} dots and brackets exceed limit {}", name, nesting, k_max_config_nesting));
}

}  // namespace

std::vector<TomlItem> parse_toml(std::string_view text, std::string_view name) {
  check_size(text, name);
  try {
    const toml::table root = toml::parse(text);
    const Places places(text);
    std::vector<TomlItem> items;
    Walk{places, items}.table(root, "", false, 1);
    std::stable_sort(items.begin(), items.end(),
                     [](const TomlItem& a, const TomlItem& b) { return a.key_begin < b.key_begin; });
    return items;
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::usage,
                fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
}

std::size_t mark_size(std::string_view text) { return text.starts_with("\xef\xbb\xbf") ? 3 : 0; }

std::string quote_toml(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
      fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out += '"';
}

}  // namespace store
