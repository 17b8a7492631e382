#pragma once

#include <map>
#include <string>

#include "app/console.h"
#include "ops/diff.h"

namespace store {

/// Prints changes as a unified diff with git's extended headers, which `patch -p1` applies: text (no NUL in the first 8,000
/// bytes, at most 16 MiB) line by line, anything else as one line that says how much changed.
class PatchWriter {
 public:
  struct Sides {
    DiffSide before;
    DiffSide after;
  };
  /// `environment`: of the program diff(1), which compares the lines.
  PatchWriter(Workspace& workspace, Sides sides, std::map<std::string, std::string> environment, bool color, Sink& out)
      : workspace_(workspace), sides_(std::move(sides)), environment_(std::move(environment)), color_(color), out_(out) {}

  void write(const ListedChange& change);

 private:
  void write_header(const ListedChange& change);
  void write_content(const ListedChange& change);
  void write_binary(const ListedChange& change);
  void write_hunks(const ListedChange& change, const std::string& before, const std::string& after);
  std::optional<std::string> text_of(const DiffSide& side, const std::string& path, const std::optional<TreeEntry>& entry);
  void line(const std::string& text, std::string_view color);

  Workspace& workspace_;
  Sides sides_;
  std::map<std::string, std::string> environment_;
  bool color_;
  Sink& out_;
};

}  // namespace store
