// Attributes on their way through ingest: captured by the stage that reads, their large values stored by the one that
// assembles.
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "hash/sha256.h"
#include "pipeline/ingest_stages.h"

namespace store {

Bytes IngestStages::capture(const FilePlace& file, const ScanEntry& found, const IngestInput& input,
                            AttributeValues& values) const {
  CapturedAttributes captured = capture_attributes(file, found, options_.metadata);
  values.chunks = std::move(captured.chunks);
  values.too_long = captured.too_long;
  return encode_index_metadata(index_metadata(captured.attributes, found, options_.metadata,
                                              decode_index_metadata(input.entry.metadata), input.known_mtime_ns));
}

/// What is not read but looked at: directories, links, nodes, and files whose content is known.
void IngestStages::capture_unread(int directory_fd, SmallItem& small) const {
  const ScanEntry& found = small.input.found;
  const std::string name(base_name(found.path));
  SourceFile source;
  if (is_regular(found.kind) && found.blocks * 512 < found.stat.size) {
    try {
      source = open_source(directory_fd, name, found.path);  // holes are asked of an open file
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::permission) throw;
    }
  }
  const FilePlace place{.directory_fd = directory_fd, .name = name, .fd = source.fd.get()};
  small.input.entry.metadata = capture(place, found, small.input, small.values);
  small.input.entry.stat = found.stat;
}

void IngestStages::put_values(const std::string& path, AttributeValues& values, IngestItem& item) {
  for (const Bytes& value : values.chunks) {
    const ObjectKey key{ObjectType::chunk, sha256(value)};
    const bool fresh = put(key, value, objects_.known_for_deduplication(key), item);
    totals_.new_chunks += fresh;
    totals_.new_bytes += fresh ? value.size() : 0;
  }
  if (values.too_long) item.failures.push_back({path, "too many extended attributes: left out"});
}

}  // namespace store
