#pragma once

#include <optional>
#include <string>

#include "repo/repository.h"

namespace store {

/// Where repair puts what is damaged: the folder `quarantine` of a repository. Nothing in it is ever read, changed or removed by
/// the program. One thread at a time; several processes do not repair at once.
class Quarantine {
 public:
  explicit Quarantine(const Repository& repository) : repository_(repository) {}

  /// Gives a file of the repository a second name here, durably (durability.md: repair 1), so that its first one may be given to
  /// something else, or go: a link, or a copy where the file system has none. From then on nobody may write into the file.
  /// "refs/heads/a" becomes "refs~heads~a", with ".2" and so on behind it if that is something else. Done twice is as good as once.
  /// Returns the name, from the repository's folder; nothing if there is no such file.
  std::optional<std::string> keep(const std::string& path) const;
  /// keep(), then the first name goes, durably.
  std::optional<std::string> take(const std::string& path) const;
  /// Moves a folder here as it is; false if there is none.
  bool take_folder(const std::string& name) const;

 private:
  void make_folder() const;
  void add_name(const std::string& path, const std::string& second) const;
  void copy(const std::string& from, const std::string& to) const;
  const Repository& repository_;
};

}  // namespace store
