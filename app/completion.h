#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/option_table.h"

namespace store {

/// What may stand where the cursor is. Candidates of names that only the repository or the disk knows are asked for by kind.
struct Completion {
  struct Candidate {
    std::string text;
    std::string help;
  };
  std::vector<Candidate> candidates;          // already begin like the word being typed
  Completes kind = Completes::nothing;        // what else fits
  std::string prefix;                         // of the word being typed, in front of what `kind` completes: "--repo="
};

/// `words` are those behind the program's name up to the cursor; the last one is being typed, and may be empty.
Completion complete(const std::vector<std::string>& words);

/// The script for a shell; empty if it is none of bash, zsh, fish.
std::string_view completion_script(std::string_view shell);

}  // namespace store
