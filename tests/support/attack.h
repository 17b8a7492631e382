#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/hostile_repository.h"
#include "support/program.h"

namespace store::test {

/// What the real program makes of a repository: exit codes by word. The words are those that read or restore what commits hold, each
/// run in the empty working tree.
using Codes = std::map<std::string, int>;

/// Words that never end by design where content is larger than any disk: to be left out there.
using WordsLeftOut = std::set<std::string>;

/// Runs all the words, and checks after each of them that it ended by itself in time and memory, with a code of the contract that is
/// no bug, that it named something if it failed, printed nothing that a terminal obeys, and changed nothing outside of the working
/// tree and the repository's settings.
Codes attack(const HostileRepository& repository, const WordsLeftOut& left_out = {});

/// Words that look at all of HEAD's tree, and must refuse one that is damaged.
extern const std::vector<std::string> k_tree_words;

/// The words of `words` that did not end with `code`, for a check to show: "ls: 0".
std::vector<std::string> others(const Codes& codes, const std::vector<std::string>& words, int code);

}  // namespace store::test
