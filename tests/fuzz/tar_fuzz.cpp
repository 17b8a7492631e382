// Archives of every dialect: members with paths as they stand there, content as long as they say, or Error{partial}.
#include "archive/acl.h"
#include "archive/tar_reader.h"
#include "fuzz/target.h"

namespace {

using namespace store;

constexpr std::size_t k_enough = 1 << 20;  // of a member's content: a header may promise any number of bytes

void read_content(TarReader& reader, std::uint64_t size) {
  static Bytes buffer(64 << 10);
  std::uint64_t seen = 0;
  while (seen < k_enough) {
    if (const std::uint64_t hole = reader.skip_hole(); hole > 0) {
      seen += hole;
      fuzz::require(seen >= hole && seen <= size);
      continue;
    }
    const std::size_t count = reader.read(buffer);
    seen += count;
    fuzz::require(seen <= size);
    if (count < buffer.size()) break;
  }
}

void tar(ByteView input) {
  BytesSource source(Bytes(input.begin(), input.end()));
  const AclNames names{[](const std::string&) { return 1; }, [](const std::string&) { return std::nullopt; }};
  fuzz::answers({ErrorKind::partial}, [&] {
    TarReader reader(source, names);
    for (int members = 0; members < 1000; ++members) {
      const std::optional<ArchiveEntry> entry = reader.next();
      if (!entry) break;
      fuzz::require(is_entry_kind(static_cast<std::uint8_t>(entry->kind)) && (entry->mode & ~07777) == 0);
      if (entry->kind == EntryKind::file && entry->hard_link.empty()) read_content(reader, entry->size);
    }
  });
}

/// The kernel's form of an access control list has one encoding.
void acl(ByteView input) {
  const std::optional<Acl> decoded = decode_acl(input);
  if (!decoded) return;
  const Bytes encoded = encode_acl(*decoded);
  const std::optional<Acl> again = decode_acl(encoded);
  fuzz::require(again && encode_acl(*again) == encoded);
  (void)acl_text(*decoded);
}

const fuzz::Enter k_tar("tar", tar);
const fuzz::Enter k_acl("acl", acl);

}  // namespace
