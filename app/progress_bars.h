#pragma once

#include <string>
#include <vector>

#include "app/progress_state.h"

namespace store {

/// What a terminal shows of a state: the command as a whole with its stage, then files, bytes and chunks of this stage, each as a bar
/// with its figures. No line is longer than `width` columns; where there is little room, rates go first, then the bars. ASCII only.
std::vector<std::string> progress_bars(const ProgressState& state, std::size_t width);

}  // namespace store
