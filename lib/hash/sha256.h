// hash: SHA-256 (FIPS 180-4) for object ids and XXH3-64 for record checksums. OpenSSL and xxHash live here.
// Where the processor has SHA-NI, whole messages go through the kernel of sha256_ni.h; OpenSSL does the rest and
// is what the kernel is tested against.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

/// SHA-256 of one message. Any thread. Without SHA-NI: a per-thread reused context over one fetched EVP_MD (an
/// implicit fetch costs +205 ns a call); throws Error{system} if OpenSSL cannot be loaded, Error{bug} if it refuses, every return
/// value is checked.
ObjectId sha256(ByteView message);

/// SHA-256 of the concatenation of parts, which are copied together where there is SHA-NI: for records, not for contents.
ObjectId sha256(std::span<const ByteView> parts);

/// ids[i] = sha256(messages[i]); sizes must be equal. The batch form lets a kernel interleave messages.
void sha256_batch(std::span<const ByteView> messages, std::span<ObjectId> ids);

/// Incremental form, always by OpenSSL; throws as sha256() does without SHA-NI. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(ByteView bytes);
  /// The digest so far of everything; the object then starts over.
  ObjectId finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace store
