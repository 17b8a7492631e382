#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/shared_library.h"

namespace store {

/// The functions of libarchive, under their names without "archive_". It is loaded when the first archive is read, and brings nine
/// more libraries (libxml2 and ICU for formats that are never asked for): 1.2 ms that every command would pay.
struct LibArchive {
  SharedLibrary library{"libarchive.so.13"};
  decltype(&::archive_entry_acl_next) entry_acl_next = library["archive_entry_acl_next"];
  decltype(&::archive_entry_acl_reset) entry_acl_reset = library["archive_entry_acl_reset"];
  decltype(&::archive_entry_acl_types) entry_acl_types = library["archive_entry_acl_types"];
  decltype(&::archive_entry_filetype) entry_filetype = library["archive_entry_filetype"];
  decltype(&::archive_entry_gid) entry_gid = library["archive_entry_gid"];
  decltype(&::archive_entry_gname) entry_gname = library["archive_entry_gname"];
  decltype(&::archive_entry_hardlink) entry_hardlink = library["archive_entry_hardlink"];
  decltype(&::archive_entry_mtime) entry_mtime = library["archive_entry_mtime"];
  decltype(&::archive_entry_mtime_nsec) entry_mtime_nsec = library["archive_entry_mtime_nsec"];
  decltype(&::archive_entry_pathname) entry_pathname = library["archive_entry_pathname"];
  decltype(&::archive_entry_perm) entry_perm = library["archive_entry_perm"];
  decltype(&::archive_entry_rdevmajor) entry_rdevmajor = library["archive_entry_rdevmajor"];
  decltype(&::archive_entry_rdevminor) entry_rdevminor = library["archive_entry_rdevminor"];
  decltype(&::archive_entry_size) entry_size = library["archive_entry_size"];
  decltype(&::archive_entry_sparse_next) entry_sparse_next = library["archive_entry_sparse_next"];
  decltype(&::archive_entry_sparse_reset) entry_sparse_reset = library["archive_entry_sparse_reset"];
  decltype(&::archive_entry_symlink) entry_symlink = library["archive_entry_symlink"];
  decltype(&::archive_entry_uid) entry_uid = library["archive_entry_uid"];
  decltype(&::archive_entry_uname) entry_uname = library["archive_entry_uname"];
  decltype(&::archive_entry_xattr_next) entry_xattr_next = library["archive_entry_xattr_next"];
  decltype(&::archive_entry_xattr_reset) entry_xattr_reset = library["archive_entry_xattr_reset"];
  decltype(&::archive_error_string) error_string = library["archive_error_string"];
  decltype(&::archive_read_data_block) read_data_block = library["archive_read_data_block"];
  decltype(&::archive_read_free) read_free = library["archive_read_free"];
  decltype(&::archive_read_new) read_new = library["archive_read_new"];
  decltype(&::archive_read_next_header) read_next_header = library["archive_read_next_header"];
  decltype(&::archive_read_open) read_open = library["archive_read_open"];
  decltype(&::archive_read_support_filter_bzip2) read_support_filter_bzip2 = library["archive_read_support_filter_bzip2"];
  decltype(&::archive_read_support_filter_gzip) read_support_filter_gzip = library["archive_read_support_filter_gzip"];
  decltype(&::archive_read_support_filter_lz4) read_support_filter_lz4 = library["archive_read_support_filter_lz4"];
  decltype(&::archive_read_support_filter_xz) read_support_filter_xz = library["archive_read_support_filter_xz"];
  decltype(&::archive_read_support_filter_zstd) read_support_filter_zstd = library["archive_read_support_filter_zstd"];
  decltype(&::archive_read_support_format_tar) read_support_format_tar = library["archive_read_support_format_tar"];
  decltype(&::archive_set_error) set_error = library["archive_set_error"];
};

/// Any thread. Throws Error{system} if libarchive cannot be loaded.
const LibArchive& libarchive();

}  // namespace store
