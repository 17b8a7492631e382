#pragma once

#include <string>
#include <vector>

#include "app/json_writer.h"
#include "app/option_table.h"
#include "base/text.h"
#include "ops/commit.h"

namespace store {

class Context;

/// What `commit` and `save` say about a commit: -m, -F, --author, --date, --meta, --skip-if-unchanged.
std::vector<OptionSpec> commit_options();
/// Reads them; the message last, from an editor if it is not given and there is a terminal.
void read_commit_options(Context& context, CommitOptions& options);

/// The figures of --json, without begin and end of the object.
void write_commit(JsonWriter& json, const CommitResult& result);
/// "[main 0123456789] subject", and what changed; ends with a newline.
std::string commit_text(const CommitResult& result, SizeText size);

}  // namespace store
