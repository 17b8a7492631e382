#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/json_writer.h"
#include "format/commit.h"

namespace store {

/// A template of `log --format`: text with {id} {short} {time} {author} {subject} {meta.KEY}; "{{" and "}}" are braces. The
/// time is RFC 3339 in UTC.
class LogFormat {
 public:
  /// Error{usage} for an unknown field or an open brace.
  explicit LogFormat(std::string_view text);
  std::string apply(const ObjectId& id, const Commit& commit) const;

 private:
  struct Part {
    bool field = false;
    std::string text;  // literal, or the field's name
  };
  std::vector<Part> parts_;
};

/// Text of a commit that people may see: control bytes but tabs are escaped.
std::string shown_text(std::string_view text);
/// "Name <email>", escaped.
std::string shown_author(const Identity& author);
/// Lines of the default form, without line ends. Where the window is narrow, the id loses digits and what is said of the commit is
/// broken between words; the message is as it is.
std::vector<std::string> commit_lines(const ObjectId& id, const Commit& commit, bool color, std::optional<std::size_t> window = {});
/// The fields of a commit in `log`'s JSON.
void write_commit(JsonWriter& json, const ObjectId& id, const Commit& commit);

}  // namespace store
