// A configuration file as a flat list of keys with their places in the text, so that a value can be reported
// by line and edited without touching anything else. The one user of toml++.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// Larger configuration files are refused.
inline constexpr std::size_t k_max_config_size = 64 << 10;
/// Dots and opening brackets in all of a file: they bound the depth of its tables, and with it the stack that
/// toml++ needs (it overflowed 8 MiB at 32,000).
inline constexpr std::size_t k_max_config_nesting = 4000;

enum class TomlKind { boolean, integer, text, list, table, other };

struct TomlItem {
  std::string key;  // dotted, from the root
  TomlKind kind = TomlKind::other;
  std::vector<std::string> values;  // one text; of a list (of texts) each element
  std::size_t line = 0;
  std::size_t key_begin = 0;  // byte offsets into the text; of a dotted key its last part
  std::size_t value_begin = 0;
  std::size_t value_end = 0;
  bool in_inline_table = false;
};

/// All keys in the order of the text; of tables those written as a header or inline, as items of kind
/// `table`. Error{usage} "NAME:LINE: …" if it is no TOML or too large.
std::vector<TomlItem> parse_toml(std::string_view text, std::string_view name);

/// Bytes of the byte order mark at the start of a text: 0 or 3.
std::size_t mark_size(std::string_view text);

/// A TOML basic string. The text must be UTF-8.
std::string quote_toml(std::string_view text);

}  // namespace store
