// The table [recorded] of a repository's config: what ids depended on when it was made. It stands below the
// keys proper, so that a user's own defaults do not change the ids of an existing repository unnoticed.
#pragma once

#include <string>
#include <string_view>

namespace store {

class Config;

/// True for "recorded.core.permissions" and everything else below [recorded].
bool is_record_key(std::string_view key);
/// "core.permissions" of "recorded.core.permissions".
std::string_view recorded_key(std::string_view key);

/// The text of a new repository's config: a comment and the record of the effective values.
std::string initial_repository_config(const Config& config);
/// `text` with the record brought up to date; comments and everything else stay. Error{usage} if it is no
/// TOML.
std::string update_record(std::string text, const Config& config, std::string_view name);

}  // namespace store
