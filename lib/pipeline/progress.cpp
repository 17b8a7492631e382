#include "pipeline/progress.h"

namespace store {

void Progress::enter(Stage next) {
  if (on_enter) on_enter(next);
  files_done = 0;
  files_total = k_unknown;
  bytes_done = 0;
  bytes_total = k_unknown;
  chunks_done = 0;
  new_chunks = 0;
  new_bytes = 0;
  stage = next;
}

}  // namespace store
