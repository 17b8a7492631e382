#include "ops/fsck_subset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/text.h"

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

void choose_subset(std::vector<BlockPlace>& places, const FsckOptions::Subset& subset) {
  if (subset.part) {
    std::vector<BlockPlace> chosen;
    for (std::size_t i = 0; i < places.size(); ++i)
      if (i % subset.part->second == subset.part->first - 1) chosen.push_back(places[i]);
    places = std::move(chosen);
    return;
  }
  std::shuffle(places.begin(), places.end(), std::mt19937_64(std::random_device{}()));
  std::size_t kept = places.size();
  if (subset.percent)
    kept = static_cast<std::size_t>(std::ceil(static_cast<double>(kept) * *subset.percent / 100.0));
  if (subset.bytes) {
    std::uint64_t bytes = 0;
    for (kept = 0; kept < places.size() && bytes < *subset.bytes; ++kept)
      bytes += places[kept].end - places[kept].offset;
  }
  places.resize(std::min(kept, places.size()));
  std::sort(places.begin(), places.end(), [](const BlockPlace& a, const BlockPlace& b) {
    return std::tie(a.pack, a.offset) < std::tie(b.pack, b.offset);
  });
}

}  // namespace store
