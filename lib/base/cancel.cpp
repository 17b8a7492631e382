#include "base/cancel.h"

#include "base/error.h"

namespace store {

void CancelToken::check() const {
  const int number = signal();
  if (number != 0) throw Error(ErrorKind::interrupted, "interrupted").with_signal(number);
}

}  // namespace store
