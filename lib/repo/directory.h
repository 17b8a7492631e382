// Small helpers over directories of a repository; private to repo.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"

namespace store {

/// Names in a directory, ascending, without "." and ".."; none if the directory is missing or not one.
std::vector<std::string> list_directory(int dirfd, const std::string& name);

/// Removes temporaries of replace_file() that a killed writer of `name` left. The caller holds the lock under which
/// `name` is written.
void remove_leftovers(FileSystem& fs, int dirfd, const std::string& name);

/// Runs a step that may fail without harm, for want of memory too: cleaning up while another error is on its way, notes for people.
template <typename Step>
void quietly(Step step) {
  try {
    step();
  } catch (const std::exception&) {
  }
}

/// Removes a file that may be gone already.
void unlink_if_exists(FileSystem& fs, int dirfd, const std::string& name);

/// True if `name` names the very file that is open.
bool is_linked_as(int fd, int dirfd, const std::string& name);

}  // namespace store
