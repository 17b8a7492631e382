#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/option_table.h"
#include "ops/streams.h"

namespace store {

class Context;

/// --stdin, --name, --exec, --tar, --prefix of `add` and `save`.
std::vector<OptionSpec> stream_options();

/// Whether any stream is asked for. Error{usage}, with what to type, for half of one: `--name` alone, or `-` for a path.
bool takes_streams(const Context& context);

/// The streams that were asked for, in the order standard input, programs, archives. `resolve` turns a name into a path from the
/// root of the tree. Error{usage} if they do not fit together.
std::vector<StreamInput> read_stream_options(Context& context, const std::function<std::string(const std::string&)>& resolve);

}  // namespace store
