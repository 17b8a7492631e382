#include "hash/checksum_stream.h"

#include <xxhash.h>

#include <new>

#include "base/error.h"

namespace store {

struct Xxh3Stream::State {
  // XXH3 wants its state aligned to 64 bytes; createState takes care of that.
  XXH3_state_t* xxh = XXH3_createState();
  State() {
    if (xxh == nullptr) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(xxh); }
};

Xxh3Stream::Xxh3Stream() : state_(std::make_unique<State>()) {
  if (XXH3_64bits_reset(state_->xxh) != XXH_OK) throw Error(ErrorKind::bug, "xxh3: reset refused");
}
Xxh3Stream::~Xxh3Stream() = default;
Xxh3Stream::Xxh3Stream(Xxh3Stream&&) noexcept = default;
Xxh3Stream& Xxh3Stream::operator=(Xxh3Stream&&) noexcept = default;

void Xxh3Stream::update(ByteView bytes) {
  if (bytes.empty()) return;
  if (XXH3_64bits_update(state_->xxh, bytes.data(), bytes.size()) != XXH_OK)
    throw Error(ErrorKind::bug, "xxh3: update refused");
}

std::uint64_t Xxh3Stream::value() const { return XXH3_64bits_digest(state_->xxh); }

}  // namespace store
