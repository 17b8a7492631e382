#include "format/bloom.h"

namespace store {
namespace {

constexpr int k_probes = 7;
constexpr int k_bits_per_probe = 9;  // 512 bits a line; 7 probes take 63 bits of the id

std::size_t line_of(std::size_t filter_size, const ObjectId& id) {
  __extension__ using Wide = unsigned __int128;
  const Wide lines = filter_size / k_bloom_line;
  return static_cast<std::size_t>((load_u64(id.bytes.data() + 8) * lines) >> 64) * k_bloom_line;
}

struct Bit {
  std::size_t byte;
  std::byte mask;
};

Bit bit_of(std::uint64_t positions, int probe) {
  const auto position = static_cast<std::size_t>(positions >> (k_bits_per_probe * probe)) & (k_bloom_line * 8 - 1);
  return {position / 8, static_cast<std::byte>(1u << (position % 8))};
}

}  // namespace

std::uint64_t bloom_lines(std::uint64_t entries) {
  return (entries * k_bloom_bits_per_entry + k_bloom_line * 8 - 1) / (k_bloom_line * 8);
}

void bloom_add(MutableByteView filter, const ObjectId& id) {
  std::byte* line = filter.data() + line_of(filter.size(), id);
  const std::uint64_t positions = load_u64(id.bytes.data() + 16);
  for (int probe = 0; probe < k_probes; ++probe) {
    const Bit bit = bit_of(positions, probe);
    line[bit.byte] |= bit.mask;
  }
}

bool bloom_may_contain(ByteView filter, const ObjectId& id) {
  const std::byte* line = filter.data() + line_of(filter.size(), id);
  const std::uint64_t positions = load_u64(id.bytes.data() + 16);
  for (int probe = 0; probe < k_probes; ++probe) {
    const Bit bit = bit_of(positions, probe);
    if ((line[bit.byte] & bit.mask) == std::byte{0}) return false;
  }
  return true;
}

}  // namespace store
