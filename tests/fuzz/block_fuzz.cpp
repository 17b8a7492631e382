// Whole blocks, header and payload: exactly the lengths that the header tells, or Error{corrupt}.
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/target.h"
#include "hash/checksum.h"
#include "repo/pack_file.h"

namespace {

using namespace store;

void decode(ByteView bytes) {
  static const UniqueFd file(::memfd_create("block", MFD_CLOEXEC));
  static Decompressor decompressor;
  fuzz::require(::ftruncate(file.get(), 0) == 0);
  fuzz::require(::pwrite(file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  fuzz::answers({ErrorKind::corrupt, ErrorKind::newer_format}, [&] {
    const StoredBlock block = read_block_at(file.get(), "block", 0, bytes.size());
    const DecodedBlock decoded = decode_block(block, decompressor, nullptr);
    fuzz::require(decoded.size() == block.header.objects.size());
    for (std::size_t i = 0; i < decoded.size(); ++i)
      fuzz::require(decoded.bytes(i).size() == block.header.objects[i].length);
  });
}

/// Makes both checksums right, as far as the lengths make sense.
void seal(Bytes& bytes) {
  constexpr std::size_t k_payload_checksum = 20, k_checksum = 8;
  std::size_t header = 0;
  if (!fuzz::answers({ErrorKind::corrupt}, [&] { header = block_header_size(bytes); }) || header > bytes.size()) return;
  store_u64(bytes.data() + k_payload_checksum, xxh3(ByteView(bytes).subspan(header)));
  store_u64(bytes.data() + header - k_checksum, xxh3(ByteView(bytes).first(header - k_checksum)));
}

void block(ByteView input) {
  Bytes bytes(input.begin(), input.end());
  decode(bytes);
  seal(bytes);
  decode(bytes);
}

const fuzz::Enter k_block("block", block);

}  // namespace
