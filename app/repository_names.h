#pragma once

#include <functional>
#include <string>

#include "app/completion.h"

namespace store {

class Context;

/// Offers what the repository knows and a word that is being typed may become: branches, tags, the last commits and operations, paths of the
/// index, paths inside a commit. One directory is read at the most, so that it answers while somebody types. Nothing without a
/// repository. Error for a damaged one.
void offer_repository_names(Context& context, const Completion& wanted, const std::string& typed,
                            const std::function<void(const std::string& text, const std::string& help)>& offer);

}  // namespace store
