#include "base/ref_name.h"

#include <algorithm>

namespace store {
namespace {

constexpr std::size_t k_max_name = 1024;      // what `refs/heads/` and a path may add stays under PATH_MAX
constexpr std::size_t k_max_component = 255;  // of a file name
constexpr std::size_t k_id_digits = 64;

bool is_valid_component(std::string_view component) {
  return !component.empty() && component.size() <= k_max_component && !component.starts_with('.') &&
         !component.ends_with(".lock");
}

bool is_forbidden_byte(char c) {
  const unsigned byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f || std::string_view("~^:?*[\\").find(c) != std::string_view::npos;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

bool is_valid_ref_name(std::string_view name) {
  if (name.empty() || name.size() > k_max_name || name == "@" || name == "HEAD") return false;
  if (name.starts_with('-') || name.ends_with('.')) return false;
  if (name.find("..") != std::string_view::npos || name.find("@{") != std::string_view::npos) return false;
  if (std::any_of(name.begin(), name.end(), is_forbidden_byte)) return false;
  if (name.size() == k_id_digits && std::all_of(name.begin(), name.end(), is_hex)) return false;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    if (!is_valid_component(name.substr(start, end - start))) return false;
    start = end + 1;
  }
  return true;
}

}  // namespace store
