#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/error.h"
#include "ops/cat.h"
#include "ops/checkout_plan.h"
#include "ops/pack_blocks.h"
#include "ops/revision.h"
#include "ops/tree_reader.h"
#include "support/work_fixture.h"

namespace store::test {

using Files = std::map<std::string, std::string>;

/// Two commits with packs of their own and something that is staged only, with all that they hold, and the bytes of the repository.
class Rotting {
 public:
  Rotting() {
    fixture_.settings.core.auto_merge = false;
    fixture_.write("small", "1");
    fixture_.write("d/large", noise(9000, 1));
    fixture_.write("d/run", std::string(700, 'r'), 0755);
    fixture_.make_symlink("link", "d/large");
    fixture_.make_directory("empty");
    fixture_.settle();
    keep(fixture_.snapshot("one").id);
    packs_of_first_ = fixture_.packs();
    fixture_.write("small", "22");
    fixture_.write("d/new", noise(1200, 2));
    fixture_.settle();
    keep(fixture_.snapshot("two").id);
    fixture_.write("staged only", "333");
    fixture_.add_all();
    repository_ = files_of_repository();
    note_blocks();
  }

  const Files& repository() const { return repository_; }
  /// Whether the first commit needs nothing of this file.
  bool is_only_of_second(const std::string& name) const {
    return name.starts_with("packs/") && !packs_of_first_.contains(name.substr(6));
  }

  const WorkFixture& fixture() const { return fixture_; }
  /// All that was ever committed.
  const std::vector<std::pair<ObjectId, Files>>& commits() const { return commits_; }
  /// All of it holds what only the second commit and the index need, and the working tree has.
  bool is_in_worktree(const std::string& name) const {
    return is_only_of_second(name) && repository_.at(name).find("tree ") == std::string::npos;
  }

  void write(const std::string& name, const std::string& content) const { fixture_.scratch().write("work/.store/" + name, content); }
  void remove(const std::string& name) const { fixture_.remove(".store/" + name); }

  /// The repository as it was: fsck marks damaged packs, and opening finishes what was interrupted.
  void restore() const {
    const Files now = files_of_repository();
    for (const auto& [name, content] : now)
      if (!repository_.contains(name)) remove(name);
    for (const auto& [name, content] : repository_)
      if (const auto at = now.find(name); at == now.end() || at->second != content) write(name, content);
  }

  /// What fsck says; nothing if an error keeps it from looking.
  std::optional<std::vector<FsckProblem>> problems() const {
    try {
      return fixture_.fsck().problems;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  /// Where a byte of a pack lies.
  struct Place {
    ObjectId pack;
    std::optional<std::uint64_t> block;  // its offset; nothing: in header or footer
    std::set<ObjectId> objects;          // that are in it
  };
  /// Nothing for a byte of another file.
  std::optional<Place> place_of(const std::string& name, std::uint64_t at) const {
    const auto found = blocks_.find(name);
    if (found == blocks_.end()) return std::nullopt;
    Place place{*ObjectId::from_hex(name.substr(6, 64)), std::nullopt, {}};
    const Footer& footer = found->second.first;
    for (std::size_t i = footer.block_offsets.size(); i-- > 0 && !place.block;)
      if (at >= footer.block_offsets[i] && at < found->second.second) place.block = footer.block_offsets[i];
    for (const FooterEntry& entry : footer.entries)
      if (place.block && footer.block_offsets[entry.block] == *place.block) place.objects.insert(entry.key.id);
    return place;
  }

  /// Reads all that was ever committed: each file is right, or there is an error. Returns how many files of each commit are right, and
  /// whether HEAD is still the newest commit.
  struct Found {
    std::vector<std::size_t> right;
    bool head = false;
    bool all = true;
  };
  Found read_everything() const {
    Found found{std::vector<std::size_t>(commits_.size()), false, true};
    try {
      Workspace workspace = fixture_.open();
      found.head = has_head(workspace);
      for (std::size_t i = 0; i < commits_.size(); ++i)
        for (const auto& [path, content] : commits_[i].second)
          if (is_right(workspace, commits_[i].first, path, content)) ++found.right[i];
    } catch (const Error&) {
    }
    for (std::size_t i = 0; i < commits_.size(); ++i) found.all = found.all && found.right[i] == commits_[i].second.size();
    return found;
  }

  Files files_of_repository() const {
    Files files;
    const std::filesystem::path root = fixture_.repository_path();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string name = entry.path().lexically_relative(root);
      if (entry.is_regular_file() && !name.starts_with("lock/")) files[name] = fixture_.scratch().read("work/.store/" + name);
    }
    return files;
  }

 private:
  void keep(const ObjectId& commit) {
    Workspace workspace = fixture_.open();
    Files files;
    walk_tree(workspace.objects(), read_commit(workspace.objects(), commit).tree, "", [&](const std::string& path, const TreeEntry& entry) {
      if (entry.kind != EntryKind::directory) files[path] = content_of(workspace, entry);
      return true;
    });
    REQUIRE(files.at("d/large") == noise(9000, 1));
    commits_.emplace_back(commit, std::move(files));
  }

  static std::string content_of(Workspace& workspace, const TreeEntry& entry) {
    std::string content;
    cat(workspace, entry, "it", std::nullopt, [&](ByteView bytes) { content += as_text(bytes); });
    return content;
  }

  void note_blocks() {
    const Repository repository(*fixture_.env.fs, fixture_.repository_path());
    for (const auto& [name, content] : repository_) {
      if (!name.starts_with("packs/")) continue;
      const std::optional<PackFile> pack = open_pack(repository, *ObjectId::from_hex(name.substr(6, 64)));
      REQUIRE(pack);
      std::uint64_t end = 0;
      each_block(*pack, [&](const PackBlock& block) { end = block.end; });
      blocks_.emplace(name, std::pair(decode_footer(pack->footer), end));
    }
  }

  bool has_head(const Workspace& workspace) const {
    try {
      const RefStore::Head head = workspace.refs().head();
      CHECK((!head.commit || *head.commit == commits_.back().first));
      return head.commit.has_value() && head.branch == "refs/heads/main";
    } catch (const Error&) {
      return false;
    }
  }

  static bool is_right(Workspace& workspace, const ObjectId& commit, const std::string& path, const std::string& content) {
    try {
      const std::optional<TreeEntry> entry = entry_at(workspace.objects(), read_commit(workspace.objects(), commit).tree, path);
      REQUIRE(entry);
      const std::string read = content_of(workspace, *entry);
      CHECK(read == content);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  WorkFixture fixture_;
  std::vector<std::pair<ObjectId, Files>> commits_;
  std::map<std::string, std::string> packs_of_first_;
  Files repository_;
  std::map<std::string, std::pair<Footer, std::uint64_t>> blocks_;  // of each pack, and where the last one ends
};

}  // namespace store::test
