#pragma once

#include "format/tree.h"
#include "ops/workspace.h"

namespace store {

/// A byte range of RFC 7233 §2.1: "0-1023", "1024-", "-1024".
struct RangeRequest {
  std::optional<std::uint64_t> first = {};
  std::optional<std::uint64_t> last = {};
  std::optional<std::uint64_t> suffix = {};
};
/// Error{usage} if malformed.
RangeRequest parse_range(std::string_view text);

/// Sends content of a file, or a symlink's target, in order to `sink`, reading only the blocks touched and decoding ahead on
/// several threads. Error{not_found} for a directory (hint: store ls) and a range that starts at or past the end.
void cat(Workspace& workspace, const TreeEntry& entry, const std::string& shown_name,
         const std::optional<RangeRequest>& range, const std::function<void(ByteView)>& sink);

}  // namespace store
