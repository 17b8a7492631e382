#pragma once

#include <string>
#include <vector>

#include "app/progress_state.h"

namespace store {

/// What a terminal shows of a state: the command as a whole with its stage, then files, bytes and chunks of this stage, each as a bar
/// with its figures. No line is longer than `width` columns, and no value is ever cut. Where there is little room, bars get shorter, then
/// values go from the right, rates and times first, then totals, then the bars; last, a line that has no room for one value. ASCII only.
std::vector<std::string> progress_bars(const ProgressState& state, std::size_t width);

}  // namespace store
