#pragma once

#include <cstdint>
#include <string>

namespace store {

/// A bar of '#' for `part` of `whole`, at most `columns` long; something that is there has at least one.
std::string bar(std::uint64_t part, std::uint64_t whole, std::size_t columns);

}  // namespace store
