#include "hash/sha256.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"
#include "base/shared_library.h"
#include "hash/sha256_avx512.h"
#include "hash/sha256_ni.h"

namespace store {
namespace {

/// OpenSSL, loaded when there is something for it to do: 0.8 ms that few commands need to pay where the processor has SHA-NI.
struct LibCrypto {
  SharedLibrary library{"libcrypto.so.3"};
  decltype(&::ERR_get_error) get_error = library["ERR_get_error"];
  decltype(&::ERR_error_string_n) error_string_n = library["ERR_error_string_n"];
  decltype(&::EVP_MD_fetch) md_fetch = library["EVP_MD_fetch"];
  decltype(&::EVP_MD_CTX_new) context_new = library["EVP_MD_CTX_new"];
  decltype(&::EVP_MD_CTX_free) context_free = library["EVP_MD_CTX_free"];
  decltype(&::EVP_DigestInit_ex2) digest_init = library["EVP_DigestInit_ex2"];
  decltype(&::EVP_DigestUpdate) digest_update = library["EVP_DigestUpdate"];
  decltype(&::EVP_DigestFinal_ex) digest_final = library["EVP_DigestFinal_ex"];
};

const LibCrypto& openssl() {
  static const LibCrypto functions;
  return functions;
}

/// An unchecked failure of OpenSSL would be a wrong id on disk, so every call goes through here.
void check(int result, const char* call) {
  if (result == 1) return;
  char reason[256] = "no reason given";
  if (const unsigned long code = openssl().get_error(); code != 0) openssl().error_string_n(code, reason, sizeof reason);
  throw Error(ErrorKind::bug, std::string("openssl: ") + call + ": " + reason);
}

/// Fetched once per process and never freed: threads may still hold contexts over it at exit.
const EVP_MD* algorithm() {
  static EVP_MD* const fetched = openssl().md_fetch(nullptr, "SHA256", nullptr);
  check(fetched != nullptr, "EVP_MD_fetch(SHA256)");
  return fetched;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { openssl().context_free(context); }
};

class Digest {
 public:
  Digest() : context_(openssl().context_new()) { check(context_ != nullptr, "EVP_MD_CTX_new"); }
  void start() { check(openssl().digest_init(context_.get(), algorithm(), nullptr), "EVP_DigestInit_ex2"); }
  void update(ByteView bytes) {
    check(openssl().digest_update(context_.get(), bytes.data(), bytes.size()), "EVP_DigestUpdate");
  }
  ObjectId finish() {
    ObjectId id;
    unsigned int length = 0;
    check(openssl().digest_final(context_.get(), reinterpret_cast<unsigned char*>(id.bytes.data()), &length),
          "EVP_DigestFinal_ex");
    check(length == id.bytes.size(), "EVP_DigestFinal_ex length");
    return id;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

Digest& thread_digest() {
  thread_local Digest digest;
  return digest;
}

ObjectId sha256_openssl(std::span<const ByteView> parts) {
  Digest& digest = thread_digest();
  digest.start();
  for (const ByteView part : parts) digest.update(part);
  return digest.finish();
}

}  // namespace

ObjectId sha256(ByteView message) {
  if (!sha256_ni_available()) return sha256_openssl(std::span(&message, 1));
  ObjectId id;
  sha256_ni_batch(std::span(&message, 1), std::span(&id, 1), Sha256Wide::no);
  return id;
}

ObjectId sha256(std::span<const ByteView> parts) {
  if (!sha256_ni_available()) return sha256_openssl(parts);
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  // Nodes and trees hash millions of short records: they need no memory.
  std::array<std::byte, 512> on_stack;
  Bytes on_heap(size <= on_stack.size() ? 0 : size);
  std::byte* const gathered = on_heap.empty() ? on_stack.data() : on_heap.data();
  std::byte* end = gathered;
  for (const ByteView part : parts) end = std::copy(part.begin(), part.end(), end);
  return sha256(ByteView(gathered, size));
}

void sha256_batch(std::span<const ByteView> messages, std::span<ObjectId> ids) {
  if (messages.size() != ids.size())
    throw Error(ErrorKind::bug, "sha256_batch: " + std::to_string(messages.size()) + " messages, " +
                                    std::to_string(ids.size()) + " ids");
  if (sha256_ni_available())
    return sha256_ni_batch(messages, ids, sha256_avx512_preferred() ? Sha256Wide::yes : Sha256Wide::no);
  for (std::size_t i = 0; i < messages.size(); ++i) ids[i] = sha256_openssl(messages.subspan(i, 1));
}

struct Sha256::Context {
  Context() { digest.start(); }
  Digest digest;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) { context_->digest.update(bytes); }

ObjectId Sha256::finish() {
  const ObjectId id = context_->digest.finish();
  context_->digest.start();
  return id;
}

}  // namespace store
