#pragma once

#include "app/json_writer.h"
#include "ops/checkout.h"

namespace store {

class Context;

/// Result of everything that writes the working tree, as cli contract §5 says of `checkout`.
void write_checkout(JsonWriter& json, const CheckoutResult& result);
/// One line with what was left undone for want of privilege; nothing if all is well.
void note_not_restored(Context& context, const NotRestored& counts);

}  // namespace store
