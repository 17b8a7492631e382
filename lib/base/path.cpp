#include "base/path.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "base/bytes.h"

namespace store {
namespace {

constexpr std::size_t k_max_name_length = 255;

int rank(char c) { return c == '/' ? -1 : static_cast<unsigned char>(c); }

/// HFS+ drops U+200C…200F, U+202A…202E, U+206A…206F and U+FEFF when it compares names; all are 3 bytes of
/// UTF-8.
bool starts_with_ignorable(std::string_view text) {
  if (text.size() < 3) return false;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  if (text[0] == '\xe2' && second == 0x80)
    return (third >= 0x8c && third <= 0x8f) || (third >= 0xaa && third <= 0xae);
  if (text[0] == '\xe2' && second == 0x81) return third >= 0xaa && third <= 0xaf;
  return text[0] == '\xef' && second == 0xbb && third == 0xbf;
}

/// Applies the components of `path` to `parts`; false if ".." has nothing left to take away.
bool apply_components(std::string_view path, std::vector<std::string_view>& parts) {
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else {
      if (parts.empty()) return false;
      parts.pop_back();
    }
  }
  return true;
}

}  // namespace

std::size_t common_length(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min(a.size(), b.size());
  std::size_t at = 0;
  for (; at + 8 <= limit; at += 8) {
    const std::uint64_t difference = load_u64(as_bytes(a).data() + at) ^ load_u64(as_bytes(b).data() + at);
    if (difference != 0) return at + static_cast<std::size_t>(std::countl_zero(difference)) / 8;
  }
  while (at < limit && a[at] == b[at]) ++at;
  return at;
}

std::strong_ordering compare_paths(std::string_view a, std::string_view b) {
  const std::size_t shared = common_length(a, b);
  if (shared == a.size() || shared == b.size()) return a.size() <=> b.size();
  return rank(a[shared]) <=> rank(b[shared]);
}

bool is_within(std::string_view path, std::string_view directory) {
  if (directory.empty()) return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!directory.empty()) path += '/';
  return path += name;
}

std::string_view parent_path(std::string_view path) {
  // Not rfind(), which goes byte by byte: this is asked for every path of a tree.
  if (path.empty()) return {};
  const auto* const slash = static_cast<const char*>(memrchr(path.data(), '/', path.size()));
  return slash == nullptr ? std::string_view() : std::string_view(path.data(), slash);
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_repository_name(std::string_view name) {
  std::string_view expected = ".store";
  while (!name.empty()) {
    if (starts_with_ignorable(name)) {
      name.remove_prefix(3);
      continue;
    }
    const char c = name[0] >= 'A' && name[0] <= 'Z' ? static_cast<char>(name[0] - 'A' + 'a') : name[0];
    if (expected.empty() || c != expected[0]) return false;
    expected.remove_prefix(1);
    name.remove_prefix(1);
  }
  return expected.empty();
}

std::string_view name_fault(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > k_max_name_length) return "is longer than 255 bytes";
  if (name == "." || name == "..") return "is not a name of its own";
  if (name.find('/') != std::string_view::npos) return "contains a slash";
  if (name.find('\0') != std::string_view::npos) return "contains a NUL byte";
  if (is_repository_name(name)) return "is reserved for the repository";
  return {};
}

bool normalise_path(std::string_view base, std::string_view path, std::string& out) {
  out.clear();
  if (path.starts_with('/')) return false;
  std::vector<std::string_view> parts;
  if (!apply_components(base, parts) || !apply_components(path, parts)) return false;
  std::string result;
  for (const std::string_view part : parts) result = join_path(result, part);
  out = std::move(result);
  return true;
}

}  // namespace store
