#pragma once

#include <span>
#include <string_view>

namespace store {

/// A command line that help and the manual show; tests/e2e/examples.sh runs each of them.
struct Example {
  std::string_view word;
  std::string_view command;
  std::string_view meaning;  // one line, lower case, no period
};

/// Those of one word, in the order of the manual; empty if it has none.
std::span<const Example> examples_of(std::string_view word);

}  // namespace store
