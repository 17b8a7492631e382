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

Attributes selected(Attributes attributes, const MetadataSelection& selection) {
  if (!selection.times) attributes.mtime.reset();
  if (!selection.owners) attributes.owner.reset();
  if (!selection.hardlinks) attributes.link.reset();
  std::erase_if(attributes.xattrs,
                [&](const Xattr& xattr) { return is_acl(xattr.name) ? !selection.acls : !selection.xattrs; });
  return attributes;
}

AttributesPolicy attributes_policy(const Workspace& workspace) {
  return {.selection = metadata_selection(workspace.settings()), .latest_second = workspace.env().source_date_epoch};
}

}  // namespace store
