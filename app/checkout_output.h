#pragma once

#include <functional>

#include "app/json_writer.h"
#include "ops/checkout.h"

namespace store {

class Context;

/// Result of everything that writes the working tree, as cli contract §5 says of `checkout`.
void write_checkout(JsonWriter& json, const CheckoutResult& result);
/// One line with what was left undone for want of privilege; nothing if all is well.
void note_not_restored(Context& context, const NotRestored& counts);

/// What words that write the working tree say at their end: failures, what was not restored, and the result, in which a line
/// about HEAD is for those that move it, and with --json `more` adds keys.
enum class ShowHead : bool { no, yes };
void finish_checkout(Context& context, CheckoutResult& result, ShowHead head,
                     const std::function<void(JsonWriter&)>& more = {});

}  // namespace store
