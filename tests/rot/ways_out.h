#pragma once

#include <algorithm>

#include "archive/tar_reader.h"
#include "ops/checkout.h"
#include "ops/export.h"
#include "rot/rotting.h"

namespace store::test {

/// Takes everything that was ever committed out of a rotten repository, as `checkout --out` and `export` do: what comes out is right to
/// its last byte, and what does not come out is told. Checks as it goes.
class WaysOut {
 public:
  explicit WaysOut(const Rotting& rotting) : rotting_(rotting) {}

  /// `readable`: how many files of each commit can be read one by one. A checkout that ends without an error brings all of these.
  void take(const std::vector<std::size_t>& readable) {
    for (std::size_t i = 0; i < rotting_.commits().size(); ++i) {
      const ObjectId& commit = rotting_.commits()[i].first;  // no captured bindings: clang 14 refuses them
      const Files& files = rotting_.commits()[i].second;
      CAPTURE(commit.hex());
      const std::optional<std::size_t> out = check_out(commit, files);
      CHECK((!out || *out >= readable[i]));
      export_all(commit, files);
    }
  }
  std::size_t whole() const { return whole_; }
  std::size_t in_part() const { return in_part_; }
  std::size_t refused() const { return refused_; }

 private:
  static bool named_in(const CheckoutResult& result, const std::string& path) {
    return std::ranges::any_of(result.failed, [&](const PathFailure& failed) { return failed.path == path; });
  }

  /// How many files came out; nothing if damage ended it.
  std::optional<std::size_t> check_out(const ObjectId& commit, const Files& files) {
    const Scratch& scratch = rotting_.fixture().scratch();
    std::optional<CheckoutResult> result;
    try {
      Workspace workspace = rotting_.fixture().open();
      result = checkout(workspace, {.revision = {commit}, .out = scratch.path("out")});
    } catch (const Error& error) {
      CHECK(is_told(error));
    }
    std::size_t right = 0;
    for (const auto& file : files) {
      const std::string& path = file.first;
      const bool there = scratch.exists("out/" + path);
      const bool named = result && named_in(*result, path);
      if (result) CHECK(there != named);
      if (!there) continue;
      ++right;
      std::error_code none;
      const std::string target = std::filesystem::read_symlink(scratch.path("out/" + path), none);
      CHECK((none ? scratch.read("out/" + path) : target) == file.second);
    }
    if (result) CHECK(result->damaged == !result->failed.empty());
    if (scratch.exists("out")) scratch.remove("out");
    if (!result) ++refused_;
    else if (right < files.size()) ++in_part_;
    else ++whole_;
    return result ? std::optional(right) : std::nullopt;
  }

  void export_all(const ObjectId& id, const Files& files) {
    Bytes tar;
    bool complete = false;
    try {
      Workspace workspace = rotting_.fixture().open();
      const Commit commit = read_commit(workspace.objects(), id);
      const ExportOptions options{.entry = {.kind = EntryKind::directory, .mode = 0755, .size = 0, .name = "", .id = commit.tree},
                                  .name = "", .path = "", .tree = commit.tree, .attributes = commit.attributes};
      export_tar(workspace, options, [&](ByteView bytes) { tar.insert(tar.end(), bytes.begin(), bytes.end()); });
      complete = true;
    } catch (const Error& error) {
      CHECK(is_told(error));
    }
    std::size_t whole = 0;
    if (!tar.empty()) read_members(std::move(tar), files, whole);
    if (complete) CHECK(whole == files.size());
  }

  /// An archive that damage has cut short ends anywhere, but up to there it is right.
  static void read_members(Bytes tar, const Files& files, std::size_t& whole) {
    BytesSource source(std::move(tar));
    TarReader reader(source, {});
    try {
      while (const std::optional<ArchiveEntry> member = reader.next()) {
        const auto file = files.find(member->path);
        if (member->kind == EntryKind::directory) continue;
        REQUIRE(file != files.end());
        std::string content = member->target;
        Bytes some(4096);
        try {
          if (member->kind == EntryKind::file)
            while (const std::size_t read = reader.read(some)) content += as_text(ByteView(some).first(read));
        } catch (const Error&) {
          CHECK(file->second.starts_with(content));
          throw;
        }
        CHECK(content == file->second);
        ++whole;
      }
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::partial);
    }
  }

  /// As damage, or of a pack that says that it is of a later version.
  static bool is_told(const Error& error) { return error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::newer_format; }

  const Rotting& rotting_;
  std::size_t whole_ = 0;
  std::size_t in_part_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace store::test
