#pragma once

#include <string>

#include "app/commands.h"
#include "app/json_writer.h"

namespace store {

// Pages for a window of `columns`.
/// What `store` alone prints: the words.
std::string short_help(std::size_t columns);
/// What `store help` prints: the words, the options of all words and the exit codes.
std::string full_help(std::size_t columns);
/// What `store help WORD` prints.
std::string word_help(const CommandSpec& spec, std::size_t columns);

/// Fields of the result of `help --json`: words (all, or one) with their options, and the exit codes.
void write_help(JsonWriter& json, const CommandSpec* only);

/// The pages of docs/cli: README.md and WORD.md.
std::string markdown_index();
std::string markdown_page(const CommandSpec& spec);

}  // namespace store
