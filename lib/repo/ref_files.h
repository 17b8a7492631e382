// The files of refs: names, reading, and moving several of them; private to repo. docs/durability.md "Moving refs".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/refs.h"
#include "repo/repository.h"

namespace store {

using RefValues = std::map<std::string, std::optional<RefValue>>;

/// "HEAD", or "refs/SPACE/NAME" with a valid NAME.
bool is_full_ref_name(std::string_view name);

/// Nothing if there is no such ref; Error{corrupt} if its file does not check.
std::optional<RefValue> read_ref_file(int repository_fd, const std::string& name);

/// Full names that start with `prefix` ("refs/…"), ascending; their files may be damaged.
std::vector<std::string> list_ref_names(int repository_fd, const std::string& prefix);

/// Error{exists} if a ref to be made would need the place of another one that stays.
void check_room(int repository_fd, const std::vector<RefChange>& changes);

/// Sets refs to their new values; the `refs` lock is held. Temporaries that were not used go with the object.
class RefMove {
 public:
  /// `changes` whose value stays the same are left out.
  RefMove(const Repository& repository, const std::vector<RefChange>& changes);
  ~RefMove();
  RefMove(const RefMove&) = delete;
  RefMove& operator=(const RefMove&) = delete;

  void stage();  // durability.md: refs 5
  void apply();  // durability.md: refs 8
  void sync();   // durability.md: refs 9
  /// apply() has changed something.
  bool started() const { return started_; }

 private:
  bool makes_room(const RefChange& removed) const;
  void remove(const RefChange& change);
  void stage_one(const RefChange& change, std::size_t number);
  const Repository& repository_;
  std::vector<RefChange> changes_;
  std::vector<std::string> staged_;  // temporaries, by position in changes_; "" where there is none
  bool started_ = false;
};

/// Removes temporaries of a killed writer.
void remove_staged_refs(const Repository& repository);

/// fsync of every existing directory from these refs up to refs/heads, refs/tags or the repository.
void sync_ref_directories(const Repository& repository, const std::vector<RefChange>& changes);

}  // namespace store
