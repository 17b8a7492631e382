#include "format/log_frame.h"

#include "base/error.h"
#include "format/codec.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::size_t k_prefix_size = 8;
constexpr std::size_t k_checksum_size = 8;

}  // namespace

std::size_t find_log_frame(std::string_view magic, ByteView bytes) {
  const std::string_view text = as_text(bytes);
  for (std::size_t at = text.find(magic); at != std::string_view::npos; at = text.find(magic, at + 1))
    if (read_log_frame(magic, bytes.subspan(at))) return at;
  return bytes.size();
}

void append_log_frame(std::string_view magic, ByteView payload, Bytes& out) {
  if (payload.size() > k_max_log_payload) throw_bug("log record: payload exceeds 64 MiB");
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.raw(magic);
  writer.u32(count_u32(payload.size()));
  writer.raw(payload);
  writer.u64(xxh3(ByteView(out).subspan(start)));
}

std::optional<LogFrame> read_log_frame(std::string_view magic, ByteView bytes) {
  if (bytes.size() < k_prefix_size + k_checksum_size) return std::nullopt;
  if (as_text(bytes.first(magic.size())) != magic) return std::nullopt;
  const std::size_t length = load_u32(bytes.data() + magic.size());
  if (length > k_max_log_payload || length > bytes.size() - k_prefix_size - k_checksum_size) return std::nullopt;
  const std::size_t checked = k_prefix_size + length;
  if (load_u64(bytes.data() + checked) != xxh3(bytes.first(checked))) return std::nullopt;
  return LogFrame{bytes.subspan(k_prefix_size, length), checked + k_checksum_size};
}

std::optional<LogFrame> next_log_frame(std::string_view magic, ByteView bytes, bool& torn, std::string_view what) {
  torn = false;
  if (bytes.empty()) return std::nullopt;
  if (std::optional<LogFrame> frame = read_log_frame(magic, bytes)) return frame;
  if (find_log_frame(magic, bytes) != bytes.size()) throw_corrupt(std::string(what) + ": damaged record before good ones");
  torn = true;
  return std::nullopt;
}

}  // namespace store
