#include "repo/block.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "hash/checksum.h"

namespace store {
namespace {

/// The most that a frame may take to be worth keeping: it saves at least 1/16.
std::size_t worthwhile(std::size_t raw_size) { return raw_size - (raw_size + 15) / 16; }

/// The compressed payload, nothing if raw is better. The probe is for file content only: metadata is mostly ids, but
/// its names and lengths always save something, and its blocks are small.
ByteView try_compress(const RawBlock& block, Compressor& compressor, const CompressionOptions& options) {
  const std::size_t raw_size = block.bytes.size();
  if (!options.level || raw_size == 0 || raw_size < options.threshold) return {};
  const bool content = block.keys.front().type == ObjectType::chunk;
  if (content && compressor.looks_incompressible(block.bytes)) return {};
  return compressor.compress_within(block.bytes, worthwhile(raw_size), *options.level);
}

/// Room for the header before a payload that is stored as it is; that of a block of many objects is longer.
constexpr std::size_t k_header_room = 4096;

void hand_out(RawBlock& block, std::vector<RawBlock>& closed) {
  if (block.empty()) return;
  closed.push_back(std::move(block));
  block = RawBlock{};
}

}  // namespace

EncodedBlock encode_block(RawBlock& block, Compressor& compressor, const CompressionOptions& options) {
  const ByteView frame = try_compress(block, compressor, options);
  const ByteView payload = frame.empty() ? ByteView(block.bytes) : frame;

  BlockHeader header;
  header.codec = frame.empty() ? Codec::raw : Codec::zstd;
  header.raw_length = static_cast<std::uint32_t>(block.bytes.size());
  header.stored_length = static_cast<std::uint32_t>(payload.size());
  header.objects.reserve(block.keys.size());
  for (std::size_t i = 0; i < block.keys.size(); ++i)
    header.objects.push_back({block.keys[i].type, block.lengths[i]});
  header.payload_checksum = xxh3(payload);

  EncodedBlock encoded;
  encoded.raw_bytes = block.bytes.size();
  const Bytes head = encode_block_header(header);
  if (frame.empty()) {
    encoded.bytes = std::move(block.bytes);
    encoded.bytes.insert(encoded.bytes.begin(), head.begin(), head.end());
  } else {
    encoded.bytes.reserve(head.size() + frame.size());
    encoded.bytes.insert(encoded.bytes.end(), head.begin(), head.end());
    encoded.bytes.insert(encoded.bytes.end(), frame.begin(), frame.end());
  }
  encoded.keys = std::move(block.keys);
  return encoded;
}

Bytes BlockMemory::take() {
  {
    const MutexLock lock(mutex_);
    if (made_ >= blocks_ && !spare_.empty()) {
      Bytes bytes = std::move(spare_.back());  // the processor's caches may still hold it
      spare_.pop_back();
      return bytes;
    }
    ++made_;
  }
  Bytes bytes;
  bytes.reserve(k_data_block_size + k_header_room);
  return bytes;
}

void BlockMemory::give_back(Bytes bytes) {
  if (bytes.capacity() < k_data_block_size || bytes.capacity() > 2 * k_data_block_size) return;
  bytes.clear();
  const MutexLock lock(mutex_);
  if (spare_.size() < made_) spare_.push_back(std::move(bytes));
}

void BlockAssembler::add(const ObjectKey& key, ByteView bytes, std::vector<RawBlock>& closed) {
  if (bytes.size() > k_max_object_size)
    throw Error(ErrorKind::bug, fmt::format("{} {}: {} bytes exceed the object limit {}", name_of(key.type),
                                            key.id.hex(), bytes.size(), k_max_object_size));
  const bool content = key.type == ObjectType::chunk;
  RawBlock& block = content ? data_ : metadata_;
  const std::size_t limit = content ? k_data_block_size : k_metadata_block_size;
  const auto close = [&] {
    // What a metadata block names may be in the open data block, and must be in the pack before it.
    if (!content) hand_out(data_, closed);
    hand_out(block, closed);
  };
  if (!block.empty() &&
      (block.bytes.size() + bytes.size() > limit || block.keys.size() == k_max_block_objects))
    close();
  if (block.empty()) {
    if (content && memory_ != nullptr) block.bytes = memory_->take();
    block.bytes.reserve(std::max(limit, bytes.size()) + k_header_room);  // growing by doubling would copy it twice
  }
  block.bytes.insert(block.bytes.end(), bytes.begin(), bytes.end());
  block.keys.push_back(key);
  block.lengths.push_back(static_cast<std::uint32_t>(bytes.size()));
  if (block.bytes.size() >= limit) close();
}

void BlockAssembler::flush(std::vector<RawBlock>& closed) {
  hand_out(data_, closed);
  hand_out(metadata_, closed);
}

DecodedBlock::DecodedBlock(std::vector<BlockObject> objects, Buffer bytes, std::size_t size, bool has_bases)
    : objects_(std::move(objects)), bytes_(std::move(bytes)), size_(size), has_bases_(has_bases) {
  offsets_.reserve(objects_.size());
  std::uint64_t offset = 0;
  for (const BlockObject& object : objects_) {
    offsets_.push_back(static_cast<std::uint32_t>(offset));
    offset += object.length;
  }
  if (offset != size_)
    throw_corrupt(fmt::format("block: objects of {} bytes in {} raw bytes", offset, size_));
}

ByteView DecodedBlock::bytes(std::size_t ordinal) const {
  return bytes_.view(offsets_[ordinal], objects_[ordinal].length);
}

}  // namespace store
