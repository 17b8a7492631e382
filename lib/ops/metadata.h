#pragma once

#include "config/settings.h"
#include "format/index_metadata.h"
#include "ops/index_tree.h"
#include "ops/workspace.h"

namespace store {

/// `metadata.*` as the library's own kind of value.
MetadataSelection metadata_selection(const Settings& settings);

/// The attributes without what is not selected.
Attributes selected(Attributes attributes, const MetadataSelection& selection);

/// How a commit made now records attributes: by the settings and SOURCE_DATE_EPOCH.
AttributesPolicy attributes_policy(const Workspace& workspace);

}  // namespace store
