#include "app/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace store {
namespace {

/// DEL and the C1 controls may stand in JSON, but a terminal obeys them.
std::string without_controls(std::string json) {
  for (std::size_t at = 0; at < json.size(); ++at) {
    const auto byte = static_cast<unsigned char>(json[at]);
    const bool c1 = byte == 0xc2 && at + 1 < json.size() && static_cast<unsigned char>(json[at + 1]) < 0xa0;
    if (byte != 0x7f && !c1) continue;
    const unsigned code = c1 ? static_cast<unsigned char>(json[at + 1]) : byte;
    json.replace(at, c1 ? 2 : 1, fmt::format("\\u{:04x}", code));
  }
  return json;
}

}  // namespace

void JsonWriter::separate() {
  if (!after_key_ && !first_) sink_->write(",");
  after_key_ = false;
  first_ = false;
}

void JsonWriter::raw(std::string_view text) {
  separate();
  sink_->write(text);
}

JsonWriter& JsonWriter::key(std::string_view name) {
  value(name);
  sink_->write(":");
  after_key_ = true;
  return *this;
}

void JsonWriter::open(char opener, char closer) {
  raw(std::string_view(&opener, 1));
  closers_ += closer;
  first_ = true;
}

void JsonWriter::end() {
  sink_->write(std::string_view(&closers_.back(), 1));
  closers_.pop_back();
  first_ = false;
}

void JsonWriter::close_to(std::size_t depth) {
  if (after_key_) null();
  while (closers_.size() > depth) end();
}

void JsonWriter::value(std::string_view text) {
  raw(without_controls(nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
}

void JsonWriter::value(double number) { raw(nlohmann::json(number).dump()); }

void JsonWriter::path_field(std::string_view name, std::string_view bytes) {
  field(name, bytes);
  if (!is_valid_utf8(bytes)) field(std::string(name) + "_base64", base64(bytes));
}

void JsonWriter::list_field(std::string_view name, const std::vector<std::string>& values) {
  key(name);
  begin_array();
  for (const std::string& each : values) value(each);
  end();
}

void JsonWriter::path_list_field(std::string_view name, const std::vector<std::string>& values) {
  list_field(name, values);
  if (std::all_of(values.begin(), values.end(), is_valid_utf8)) return;
  key(std::string(name) + "_base64");
  begin_array();
  for (const std::string& each : values) {
    if (is_valid_utf8(each))
      null();
    else
      value(base64(each));
  }
  end();
}

std::string base64(std::string_view bytes) {
  static constexpr char k_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < have ? static_cast<std::uint8_t>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i)
      out += i <= have ? k_digits[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace store
