#include "archive/libarchive.h"

namespace store {

const LibArchive& libarchive() {
  static const LibArchive functions;
  return functions;
}

}  // namespace store
