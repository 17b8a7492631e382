#pragma once

#include <map>
#include <string>

namespace store::test {

struct Site;

/// Files by path, from the root of the working tree: what a command is about to discard.
using FileContents = std::map<std::string, std::string>;

/// The first of the files that is neither where it was, nor in a tree that the oplog or the journal of an interrupted command names as
/// discarded; "" if there is none.
std::string first_lost(const Site& site, const FileContents& files);

/// True if all are where they were.
bool all_there(const Site& site, const FileContents& files);

/// `undo`, as a user does it who finds the work of an interrupted command: what is in its way, as the error says, is removed.
void take_back(const Site& site);

}  // namespace store::test
