#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace store {

/// How many bytes two paths have in common from their beginning.
std::size_t common_length(std::string_view a, std::string_view b);

/// Tree order: bytes ascending, but '/' sorts below every other byte, so a directory comes right before
/// what is in it and sorted paths are in the order in which trees are written.
std::strong_ordering compare_paths(std::string_view a, std::string_view b);
struct PathLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return compare_paths(a, b) < 0; }
};

/// True if `path` is `directory` or below it; everything is below "".
bool is_within(std::string_view path, std::string_view directory);
/// "a/b" from "a" and "b"; "b" from "" and "b".
std::string join_path(std::string_view directory, std::string_view name);
/// "a/b" of "a/b/c"; "" of "c".
std::string_view parent_path(std::string_view path);
/// "c" of "a/b/c".
std::string_view base_name(std::string_view path);

/// True if a name is `.store` after dropping ignorable code points and folding ASCII case: it is never
/// content (cli contract §2; the list of ignorable code points is HFS+'s, as git's CVE-2014-9390 fix uses
/// it).
bool is_repository_name(std::string_view name);
/// Why a name cannot stand in a tree: empty, over 255 bytes, ".", "..", contains '/' or NUL, or is a
/// repository name. Nothing (empty) if it may.
std::string_view name_fault(std::string_view name);

/// Lexically resolves "." , ".." and double slashes of `path` taken relative to `base` (both from one root,
/// without leading '/'); false if it would leave the root or begins with '/'.
bool normalise_path(std::string_view base, std::string_view path, std::string& out);

}  // namespace store
