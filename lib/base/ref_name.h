#pragma once

#include <string_view>

namespace store {

/// git's check-ref-format for the part after refs/heads/ or refs/tags/; 64-hex names are not allowed.
bool is_valid_ref_name(std::string_view name);

}  // namespace store
