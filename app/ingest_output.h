#pragma once

#include <string>
#include <vector>

#include "app/json_writer.h"
#include "app/option_table.h"
#include "base/text.h"
#include "ops/add.h"

namespace store {

class Context;

/// --exclude and its relatives, shared by `add` and `commit -A`.
std::vector<OptionSpec> exclude_options();
void read_exclude_options(Context& context, AddOptions& options);

/// The figures of an ingest as cli contract §5 names them; `failed` and the rates of what was read too.
void write_totals(JsonWriter& json, const IngestTotals& totals, const std::vector<PathFailure>& failed, double seconds);
/// "61,701 new chunks (1.8 GiB), 599 deduplicated; 639 MiB stored, 2.9 times smaller", or that nothing was new.
std::string stored_text(const IngestTotals& totals, SizeText size);
/// "1,234 files (1.9 GiB) in 3.4s, 1.1 GiB read, 324 MiB/s": the rate is of what was read; if that was nothing, there is none.
std::string ingested_text(const IngestTotals& totals, double seconds, SizeText size);
/// A list of paths and the rules that ignore them.
void write_ignored(JsonWriter& json, const std::vector<IgnoredPath>& paths);
void write_ignored_path(JsonWriter& json, const IgnoredPath& path);
/// What went wrong, without the path that it went wrong with.
std::string message_alone(const PathFailure& failure);
/// The list `failed` alone.
void write_failed(JsonWriter& json, const std::vector<PathFailure>& failed);

}  // namespace store
