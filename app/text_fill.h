#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace store {

/// Lines of prose are no longer than this, however wide the window is, and as long as this where there is no window.
inline constexpr std::size_t k_widest_prose = 100;
inline constexpr std::size_t k_prose_off_terminal = 80;

/// Blanks before the first line of a text, and before those that follow.
struct Indent {
  std::size_t first = 0;
  std::size_t rest = 0;
};

/// The words of a text in lines of at most `columns`, each ended by a line end. White space between words is one blank or one line
/// end; a word that is longer than a line is kept whole, in a line of its own.
std::string fill(std::string_view text, std::size_t columns, Indent indent = {});

/// The same for each paragraph: those are separated by empty lines.
std::string fill_paragraphs(std::string_view text, std::size_t columns);

/// Lines of a text that are longer than `columns`, broken between words, their rest two columns further in; all else as it is.
std::string fold(std::string_view text, std::size_t columns);

/// A command that a POSIX shell reads back as it is: broken between its words only, with a backslash behind each line but the last.
std::string fill_command(std::string_view command, std::size_t columns, Indent indent);

/// A name and what it means: beside each other, the text from `column` on, or below each other where that leaves too little room.
std::string fill_entry(std::string_view name, std::string_view text, std::size_t column, std::size_t columns, std::size_t name_indent = 2);

}  // namespace store
