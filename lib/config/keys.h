// The table of configuration keys: the one source of `config --list`, the manual, completion and the parser.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace store {

enum class KeyType { boolean, number, size, level, duration, choice, text, list };
std::string_view name_of(KeyType type);

/// Where a key may be set. A repository's own file, which may be somebody else's, never names a program.
enum class KeyScope {
  anywhere,
  not_repository,  // ignored with a warning in a repository's file
  user_only,  // user file and environment; ignored with a warning in other files, refused on the command line
};

struct ConfigKey {
  std::string_view name;
  KeyType type;
  std::string_view default_value;  // as text; "" if there is none
  KeyScope scope;
  bool changes_ids;  // recorded by init
  std::string_view description;
  /// Parses `text` into its field (a list grows by it). Returns what is wrong, e.g. "is not a size"; "" if
  /// nothing.
  std::string (*apply)(Settings& settings, std::string_view text);
  /// Whether two settings have the same value here.
  bool (*same)(const Settings& a, const Settings& b);
  /// Words that it takes: all there are for booleans and choices, those beside figures for others.
  std::span<const std::string_view> words = {};
};

/// All keys, in the order in which they are listed.
std::span<const ConfigKey> config_keys();
/// Null if there is no such key.
const ConfigKey* find_key(std::string_view name);
/// Error{usage} with the nearest match as hint if there is no such key.
const ConfigKey& require_key(std::string_view name);
/// "STORE_CORE_INLINE_THRESHOLD" of "core.inline_threshold".
std::string environment_name(std::string_view key);
/// " (did you mean core.fsync?)", or "" if no key is near.
std::string nearest_key_hint(std::string_view name);

}  // namespace store
