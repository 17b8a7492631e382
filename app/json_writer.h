#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/console.h"
#include "base/object_id.h"

namespace store {

/// Writes one JSON document front to back: a list of a million entries costs no memory. Strings that are not UTF-8 get
/// U+FFFD for each bad byte. It trusts its caller to alternate keys and values.
class JsonWriter {
 public:
  explicit JsonWriter(Sink& sink) : sink_(&sink) {}

  JsonWriter& key(std::string_view name);
  void begin_object() { open('{', '}'); }
  void begin_array() { open('[', ']'); }
  /// Closes the innermost object or array.
  void end();
  std::size_t depth() const { return closers_.size(); }
  /// Closes until `depth` are open: after an error in the middle of a list.
  void close_to(std::size_t depth);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(bool flag) { raw(flag ? "true" : "false"); }
  void value(std::uint64_t number) { raw(std::to_string(number)); }
  void value(std::int64_t number) { raw(std::to_string(number)); }
  void value(int number) { raw(std::to_string(number)); }
  void value(double number);  // not finite: null
  void value(const ObjectId& id) { value(id.hex()); }
  void null() { raw("null"); }

  template <typename Value>
  void field(std::string_view name, const Value& content) {
    key(name);
    value(content);
  }
  template <typename Value>
  void field(std::string_view name, const std::optional<Value>& content) {
    key(name);
    if (content)
      value(*content);
    else
      null();
  }
  /// A name of bytes: `name` with U+FFFD where it is not UTF-8, and then also `name`_base64 with the true bytes.
  void path_field(std::string_view name, std::string_view bytes);
  void list_field(std::string_view name, const std::vector<std::string>& values);
  /// A list of names of bytes; if one is not UTF-8 also `name`_base64, a list of the same length: the true bytes of each
  /// such name, null for the others.
  void path_list_field(std::string_view name, const std::vector<std::string>& values);

 private:
  void open(char opener, char closer);
  void raw(std::string_view text);
  void separate();

  Sink* sink_;
  std::string closers_;
  bool first_ = true;      // nothing was written yet in the innermost object or array
  bool after_key_ = false;
};

/// RFC 4648 §4.
std::string base64(std::string_view bytes);

}  // namespace store
