#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "format/codec.h"
#include "format/pack.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::string_view k_block_magic = "STBK";
constexpr std::size_t k_object_size = 1 + 4;
constexpr std::size_t k_checksum_size = 8;

/// The fixed first part of a block header.
struct Prefix {
  std::uint8_t codec = 0;
  std::uint8_t bases = 0;
  std::uint32_t objects = 0;
  std::uint32_t raw_length = 0;
  std::uint32_t stored_length = 0;
  std::uint64_t payload_checksum = 0;
  std::size_t header_size() const {
    return k_block_prefix_size + objects * k_object_size + bases * sizeof(ObjectId::bytes) + k_checksum_size;
  }
};

std::string_view fault_of(const Prefix& prefix) {
  if (prefix.codec > static_cast<std::uint8_t>(Codec::zstd)) return "unknown codec";
  if (prefix.bases > k_max_bases) return "more than 16 bases";
  if (prefix.bases > 0 && prefix.codec != static_cast<std::uint8_t>(Codec::zstd)) return "bases without zstd";
  if (prefix.objects == 0 || prefix.objects > k_max_block_objects) return "bad number of objects";
  if (prefix.raw_length == 0 || prefix.raw_length > k_max_object_size) return "raw length exceeds 8 MiB or is 0";
  if (prefix.stored_length == 0 || prefix.stored_length > k_max_object_size)
    return "stored length exceeds 8 MiB or is 0";
  const bool raw = prefix.codec == static_cast<std::uint8_t>(Codec::raw);
  if (raw && prefix.stored_length != prefix.raw_length) return "raw and stored length differ";
  return {};
}

Prefix read_prefix(ByteReader& in) {
  if (in.text(k_block_magic.size()) != k_block_magic) in.fail("wrong magic");
  Prefix prefix;
  prefix.codec = in.u8();
  prefix.bases = in.u8();
  if (in.u16() != 0) in.fail("reserved bytes are not 0");
  prefix.objects = in.u32();
  prefix.raw_length = in.u32();
  prefix.stored_length = in.u32();
  prefix.payload_checksum = in.u64();
  if (const std::string_view fault = fault_of(prefix); !fault.empty()) in.fail(fault);
  return prefix;
}

/// Lengths of the objects, each positive, must add up to the raw length.
std::string_view fault_of(const BlockHeader& header) {
  std::uint64_t sum = 0;
  for (const BlockObject& object : header.objects) {
    if (!is_object_type(static_cast<std::uint8_t>(object.type))) return "unknown object type";
    if (object.length == 0) return "object of no bytes";
    sum += object.length;
  }
  if (sum != header.raw_length) return "lengths of the objects differ from the raw length";
  for (const ObjectId& base : header.bases)
    if (base.is_zero()) return "base id is zero";
  return {};
}

}  // namespace

const std::size_t k_block_prefix_size = 28;

Bytes encode_block_header(const BlockHeader& header) {
  const Prefix prefix{.codec = static_cast<std::uint8_t>(header.codec),
                      .bases = static_cast<std::uint8_t>(std::min<std::size_t>(header.bases.size(), 255)),
                      .objects = count_u32(header.objects.size()),
                      .raw_length = header.raw_length,
                      .stored_length = header.stored_length,
                      .payload_checksum = header.payload_checksum};
  std::string_view fault = fault_of(prefix);
  if (fault.empty()) fault = fault_of(header);
  if (!fault.empty()) throw_bug(fmt::format("block header: {}", fault));
  Bytes bytes;
  bytes.reserve(prefix.header_size());
  ByteWriter out(bytes);
  out.raw(k_block_magic);
  out.u8(prefix.codec);
  out.u8(prefix.bases);
  out.u16(0);
  out.u32(prefix.objects);
  out.u32(prefix.raw_length);
  out.u32(prefix.stored_length);
  out.u64(prefix.payload_checksum);
  for (const BlockObject& object : header.objects) {
    out.u8(static_cast<std::uint8_t>(object.type));
    out.u32(object.length);
  }
  for (const ObjectId& base : header.bases) put_id(out, base);
  out.u64(xxh3(bytes));
  return bytes;
}

std::size_t block_header_size(ByteView bytes) {
  ByteReader in(bytes, "block header");
  return read_prefix(in).header_size();
}

BlockHeader decode_block_header(ByteView bytes) {
  ByteReader in(bytes, "block header");
  const Prefix prefix = read_prefix(in);
  if (prefix.header_size() > bytes.size()) in.fail("truncated");
  const std::size_t checked = prefix.header_size() - k_checksum_size;
  if (load_u64(bytes.data() + checked) != xxh3(bytes.first(checked))) in.fail("header checksum differs");
  BlockHeader header{.codec = static_cast<Codec>(prefix.codec),
                     .raw_length = prefix.raw_length,
                     .stored_length = prefix.stored_length,
                     .objects = {},
                     .bases = {},
                     .payload_checksum = prefix.payload_checksum};
  header.objects.resize(prefix.objects);
  for (BlockObject& object : header.objects) {
    object.type = static_cast<ObjectType>(in.u8());
    object.length = in.u32();
  }
  header.bases.resize(prefix.bases);
  for (ObjectId& base : header.bases) base = get_id(in);
  if (const std::string_view fault = fault_of(header); !fault.empty()) in.fail(fault);
  return header;
}

std::size_t find_block_magic(ByteView bytes, std::size_t from) {
  if (from >= bytes.size()) return bytes.size();
  return std::min(as_text(bytes).find(k_block_magic, from), bytes.size());
}

}  // namespace store
