#include "format/catalog.h"

#include "base/error.h"
#include "format/codec.h"
#include "format/file_header.h"
#include "format/log_frame.h"

namespace store {
namespace {

constexpr std::string_view k_file_magic = "STORECAT";
constexpr std::string_view k_record_magic = "STCR";
constexpr std::size_t k_pack_entry_size = 32 + 8 + 4 + 1;
constexpr std::uint8_t k_known_flags = k_pack_unverified | k_pack_damaged;

// Do not renumber.
enum class RecordKind : std::uint8_t { add = 1, replace = 2, layer = 3 };

void put_packs(ByteWriter& out, const std::vector<CatalogPack>& packs) {
  out.u32(count_u32(packs.size()));
  for (const CatalogPack& pack : packs) {
    put_id(out, pack.id);
    out.u64(pack.size);
    out.u32(pack.objects);
    out.u8(pack.flags);
  }
}

std::vector<CatalogPack> get_packs(ByteReader& in) {
  std::vector<CatalogPack> packs(get_count(in, k_pack_entry_size));
  for (CatalogPack& pack : packs) {
    pack.id = get_id(in);
    pack.size = in.u64();
    pack.objects = in.u32();
    pack.flags = in.u8();
    if ((pack.flags & ~k_known_flags) != 0) in.fail("unknown pack flags");
  }
  return packs;
}

void put_ids(ByteWriter& out, const std::vector<ObjectId>& ids) {
  out.u32(count_u32(ids.size()));
  for (const ObjectId& id : ids) put_id(out, id);
}

std::vector<ObjectId> get_ids(ByteReader& in) {
  std::vector<ObjectId> ids(get_count(in, sizeof(ObjectId::bytes)));
  for (ObjectId& id : ids) id = get_id(in);
  return ids;
}

void put(ByteWriter& out, const AddPacks& record) {
  out.u8(static_cast<std::uint8_t>(RecordKind::add));
  put_packs(out, record.packs);
}

void put(ByteWriter& out, const ReplacePacks& record) {
  out.u8(static_cast<std::uint8_t>(RecordKind::replace));
  put_ids(out, record.removed);
  put_packs(out, record.added);
}

void put(ByteWriter& out, const Layer& layer) {
  out.u8(static_cast<std::uint8_t>(RecordKind::layer));
  out.u8(static_cast<std::uint8_t>(layer.kind));
  put_ids(out, layer.packs);
  out.u64(layer.objects);
  out.u64(layer.chunks);
  out.u64(layer.raw_bytes);
  out.u64(layer.stored_bytes);
  put_i64(out, layer.time);
  out.u8(layer.commit ? 1 : 0);
  if (layer.commit) put_id(out, *layer.commit);
}

Layer get_layer(ByteReader& in) {
  Layer layer;
  const std::uint8_t kind = in.u8();
  if (kind != 1 && kind != 2) in.fail("unknown layer kind");
  layer.kind = static_cast<LayerKind>(kind);
  layer.packs = get_ids(in);
  layer.objects = in.u64();
  layer.chunks = in.u64();
  layer.raw_bytes = in.u64();
  layer.stored_bytes = in.u64();
  layer.time = get_i64(in);
  const std::uint8_t has_commit = in.u8();
  if (has_commit > 1) in.fail("bad flag");
  if (has_commit == 1) layer.commit = get_id(in);
  return layer;
}

CatalogRecord get_record(ByteReader& in) {
  switch (static_cast<RecordKind>(in.u8())) {
    case RecordKind::add: return AddPacks{get_packs(in)};
    case RecordKind::replace: {
      ReplacePacks record;
      record.removed = get_ids(in);
      record.added = get_packs(in);
      return record;
    }
    case RecordKind::layer: return get_layer(in);
  }
  in.fail("unknown kind");
}

bool is_layer(ByteView payload) {
  return !payload.empty() && payload.front() == static_cast<std::byte>(RecordKind::layer);
}

}  // namespace

const std::size_t k_catalog_header_size = k_file_header_size;

Bytes encode_catalog_header() { return encode_file_header(k_file_magic); }

void check_catalog_header(ByteView bytes) { decode_file_header(bytes, k_file_magic, "catalog"); }

Bytes encode_catalog_record(const CatalogRecord& record) {
  Bytes payload;
  ByteWriter out(payload);
  std::visit([&out](const auto& value) { put(out, value); }, record);
  Bytes bytes;
  append_log_frame(k_record_magic, payload, bytes);
  return bytes;
}

std::size_t find_catalog_record(ByteView bytes) { return find_log_frame(k_record_magic, bytes); }

std::optional<CatalogStep> next_catalog_record(ByteView bytes, bool& torn, LayerRecords layers) {
  const std::optional<LogFrame> frame = next_log_frame(k_record_magic, bytes, torn, "catalog");
  if (!frame) return std::nullopt;
  if (layers == LayerRecords::skip && is_layer(frame->payload)) return CatalogStep{.record = {}, .size = frame->size};
  ByteReader in(frame->payload, "catalog record");
  CatalogStep step{.record = get_record(in), .size = frame->size};
  in.expect_end();
  return step;
}

}  // namespace store
