#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "base/text.h"
#include "ops/fsck.h"

namespace store {
namespace {

std::optional<std::uint64_t> parse_count(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

}  // namespace

FsckOptions::Subset parse_subset(std::string_view text) {
  FsckOptions::Subset subset;
  const std::size_t slash = text.find('/');
  if (!text.empty() && text.back() == '%') {
    const std::string number(text.substr(0, text.size() - 1));
    std::size_t used = 0;
    double percent = 0;
    try {
      percent = std::stod(number, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used != 0 && used == number.size() && percent > 0 && percent <= 100) subset.percent = percent;
  } else if (slash != std::string_view::npos) {
    const std::optional<std::uint64_t> n = parse_count(text.substr(0, slash));
    const std::optional<std::uint64_t> t = parse_count(text.substr(slash + 1));
    if (n && t && *n >= 1 && *n <= *t) subset.part = std::pair(*n, *t);
  } else {
    subset.bytes = parse_size(text);
  }
  if (!subset.percent && !subset.part && !subset.bytes)
    throw Error(ErrorKind::usage, fmt::format("--subset {}: neither a percentage, n/t, nor a size", escape_name(text)),
                "--subset 5%, --subset 1/10 or --subset 10G");
  return subset;
}

}  // namespace store
