#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/json_writer.h"
#include "app/table.h"
#include "format/tree.h"
#include "repo/object_store.h"

namespace store {

/// A symlink's target.
std::string symlink_target(const ObjectReader& objects, const TreeEntry& entry);

/// An entry of `ls`: {path, type, mode, size, id[, target]}, of a device also major and minor.
void write_entry(JsonWriter& json, const ObjectReader& objects, const std::string& path, const TreeEntry& entry);
/// Its fields alone, into an object that is open.
void write_entry_fields(JsonWriter& json, const ObjectReader& objects, const std::string& path, const TreeEntry& entry);

/// "-rw-r--r--" of `ls -l`.
std::string type_and_mode(const TreeEntry& entry);
/// A line of `ls -l` before the path: "-rw-r--r--         1234  0123456789".
std::vector<std::string> entry_cells(const TreeEntry& entry);
Table entry_table(std::optional<std::size_t> window);

}  // namespace store
