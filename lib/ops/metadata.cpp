#include "ops/metadata.h"

namespace store {

MetadataSelection metadata_selection(const Settings& settings) {
  const MetadataSettings& wanted = settings.metadata;
  return {.times = wanted.times,
          .owners = wanted.owners,
          .xattrs = wanted.xattrs,
          .acls = wanted.acls,
          .hardlinks = wanted.hardlinks};
}

AttributesPolicy attributes_policy(const Workspace& workspace) {
  return {.selection = metadata_selection(workspace.settings()), .latest_second = workspace.env().source_date_epoch};
}

}  // namespace store
