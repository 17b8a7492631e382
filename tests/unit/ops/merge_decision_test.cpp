#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ops/merge_decision.h"

using namespace store;

namespace {

TreeEntry entry(EntryKind kind, std::uint16_t mode, int content) {
  TreeEntry made{.kind = kind, .mode = mode, .size = 1, .name = "x", .id = {}};
  made.id.bytes[0] = static_cast<std::byte>(content);
  return made;
}

/// Every state that a path can be in here: absent, files and fat files of two contents and three modes, links, directories, a fifo.
const std::vector<std::pair<std::string, std::optional<TreeEntry>>>& states() {
  static const std::vector<std::pair<std::string, std::optional<TreeEntry>>> k_states = {
      {"none", std::nullopt},
      {"f1", entry(EntryKind::file, 0644, 1)},
      {"f1x", entry(EntryKind::file, 0755, 1)},
      {"f1w", entry(EntryKind::file, 0666, 1)},
      {"f2", entry(EntryKind::file, 0644, 2)},
      {"f2x", entry(EntryKind::file, 0755, 2)},
      {"f3", entry(EntryKind::large_file, 0644, 3)},
      {"l1", entry(EntryKind::symlink, 0777, 1)},
      {"l2", entry(EntryKind::symlink, 0777, 2)},
      {"d1", entry(EntryKind::directory, 0755, 1)},
      {"d1p", entry(EntryKind::directory, 0700, 1)},
      {"d2", entry(EntryKind::directory, 0755, 2)},
      {"p", entry(EntryKind::fifo, 0644, 0)},
  };
  return k_states;
}

const TreeEntry* find(const std::string& name) {
  for (const auto& [known, state] : states())
    if (known == name) return state ? &*state : nullptr;
  FAIL("no state ", name);
  return nullptr;
}

MergeDecision decide(const std::string& base, const std::string& ours, const std::string& theirs) {
  return decide_merge(find(base), find(ours), find(theirs));
}

bool is_directory(const TreeEntry* state) { return state != nullptr && state->kind == EntryKind::directory; }

using Visit = std::function<void(const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs)>;
void for_all(const Visit& visit) {
  const auto get = [](const std::optional<TreeEntry>& state) { return state ? &*state : nullptr; };
  for (const auto& base : states())
    for (const auto& ours : states())
      for (const auto& theirs : states()) {
        CAPTURE(base.first);
        CAPTURE(ours.first);
        CAPTURE(theirs.first);
        visit(get(base.second), get(ours.second), get(theirs.second));
      }
}

bool same(const TreeEntry* a, const TreeEntry* b) { return a == b || (a != nullptr && b != nullptr && *a == *b); }

/// What comes to the path, but for merged directories.
std::optional<TreeEntry> result_of(const MergeDecision& decision, const TreeEntry* ours, const TreeEntry* theirs) {
  const auto entry_of = [](const TreeEntry* one) { return one != nullptr ? std::optional(*one) : std::nullopt; };
  const auto mixed = [](TreeEntry content, std::uint16_t mode) {
    content.mode = mode;
    return std::optional(content);
  };
  switch (decision.take) {
    case MergeTake::ours: return entry_of(ours);
    case MergeTake::theirs: return entry_of(theirs);
    case MergeTake::our_content_their_mode: return mixed(*ours, theirs->mode);
    case MergeTake::their_content_our_mode: return mixed(*theirs, ours->mode);
    case MergeTake::directories: return std::nullopt;
    case MergeTake::our_directory: return entry_of(ours);
    case MergeTake::their_directory: return entry_of(theirs);
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a path that one side left alone is as the other side has it, and one that both changed alike is that") {
  for_all([](const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs) {
    const MergeDecision decision = decide_merge(base, ours, theirs);
    if (same(ours, theirs) || same(base, theirs)) CHECK(decision == MergeDecision{MergeTake::ours});
    else if (same(base, ours)) CHECK(decision == MergeDecision{MergeTake::theirs});
  });
}

TEST_CASE("what both sides changed is a conflict exactly if the plain rules say so") {
  for_all([](const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs) {
    if (same(ours, theirs) || same(base, theirs) || same(base, ours)) return;
    const MergeDecision decision = decide_merge(base, ours, theirs);
    const bool base_file = base != nullptr && !is_directory(base);
    if (is_directory(ours) && is_directory(theirs)) {
      CHECK(decision == MergeDecision{MergeTake::directories});
    } else if (is_directory(ours) || is_directory(theirs)) {
      const bool other_gone = ours == nullptr || theirs == nullptr;
      CHECK((decision.conflict == MergeConflict::file_directory) == !other_gone);
      if (other_gone && is_directory(base)) CHECK(decision.take == MergeTake::directories);
    } else if (ours == nullptr) {
      CHECK(decision.conflict == (base_file ? MergeConflict::deleted_by_us : MergeConflict::none));
      CHECK(decision.take == MergeTake::theirs);
    } else if (theirs == nullptr) {
      CHECK(decision.conflict == (base_file ? MergeConflict::deleted_by_them : MergeConflict::none));
      CHECK(decision.take == MergeTake::ours);
    } else if (!base_file) {
      CHECK(decision == MergeDecision{MergeTake::ours, MergeConflict::both_added});
    } else {
      const auto content = [](const TreeEntry* one) { return std::pair(one->kind, one->id); };
      const bool one_type = (is_regular(base->kind) && is_regular(ours->kind) && is_regular(theirs->kind)) ||
                            (base->kind == ours->kind && ours->kind == theirs->kind);
      const bool content_clear = content(ours) == content(theirs) || content(ours) == content(base) || content(theirs) == content(base);
      const bool mode_clear = ours->mode == theirs->mode || ours->mode == base->mode || theirs->mode == base->mode;
      CHECK((decision.conflict == MergeConflict::none) == (one_type && content_clear && mode_clear));
      if (decision.conflict != MergeConflict::none) CHECK(decision == MergeDecision{MergeTake::ours, MergeConflict::both_modified});
    }
  });
}

TEST_CASE("a clean result has the content and the mode that were changed") {
  for_all([](const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs) {
    if (base == nullptr || ours == nullptr || theirs == nullptr || is_directory(base) || is_directory(ours) || is_directory(theirs)) return;
    const MergeDecision decision = decide_merge(base, ours, theirs);
    if (decision.conflict != MergeConflict::none || !is_regular(base->kind) || !is_regular(ours->kind) || !is_regular(theirs->kind)) return;
    const bool our_content = decision.take == MergeTake::ours || decision.take == MergeTake::our_content_their_mode;
    const bool our_mode = decision.take == MergeTake::ours || decision.take == MergeTake::their_content_our_mode;
    const TreeEntry& content = our_content ? *ours : *theirs;
    const TreeEntry& other = our_content ? *theirs : *ours;
    CHECK((content.id != base->id || other.id == base->id));
    const std::uint16_t mode = our_mode ? ours->mode : theirs->mode;
    const std::uint16_t other_mode = our_mode ? theirs->mode : ours->mode;
    CHECK((mode != base->mode || other_mode == base->mode));
  });
}

TEST_CASE("seen from the other side the decision is the mirror image, conflicts of content apart, where each keeps its own") {
  const std::map<MergeConflict, MergeConflict> k_mirror = {
      {MergeConflict::none, MergeConflict::none},
      {MergeConflict::both_modified, MergeConflict::both_modified},
      {MergeConflict::both_added, MergeConflict::both_added},
      {MergeConflict::deleted_by_us, MergeConflict::deleted_by_them},
      {MergeConflict::deleted_by_them, MergeConflict::deleted_by_us},
      {MergeConflict::file_directory, MergeConflict::file_directory}};
  for_all([&](const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs) {
    const MergeDecision here = decide_merge(base, ours, theirs);
    const MergeDecision there = decide_merge(base, theirs, ours);
    CHECK(there.conflict == k_mirror.at(here.conflict));
    const bool keeps_own = here.conflict == MergeConflict::both_modified || here.conflict == MergeConflict::both_added;
    if (!keeps_own) CHECK((result_of(there, theirs, ours) == result_of(here, ours, theirs)));
  });
}

TEST_CASE("examples of the table") {
  CHECK(decide("f1", "f1x", "f2") == MergeDecision{MergeTake::their_content_our_mode});
  CHECK(decide("f1", "f2", "f1x") == MergeDecision{MergeTake::our_content_their_mode});
  CHECK(decide("f1", "f1x", "f1w") == MergeDecision{MergeTake::ours, MergeConflict::both_modified});
  CHECK(decide("f1", "f2", "f3") == MergeDecision{MergeTake::ours, MergeConflict::both_modified});
  CHECK(decide("f1", "l1", "f1x") == MergeDecision{MergeTake::ours, MergeConflict::both_modified});
  CHECK(decide("f1", "f2x", "f2") == MergeDecision{MergeTake::ours});
  CHECK(decide("none", "f1", "f1x") == MergeDecision{MergeTake::ours, MergeConflict::both_added});
  CHECK(decide("f1", "none", "f2") == MergeDecision{MergeTake::theirs, MergeConflict::deleted_by_us});
  CHECK(decide("d1", "none", "f2") == MergeDecision{MergeTake::theirs});
  CHECK(decide("d1", "none", "d2") == MergeDecision{MergeTake::directories});
  CHECK(decide("f1", "none", "d1") == MergeDecision{MergeTake::theirs});
  CHECK(decide("f1", "f2", "d1") == MergeDecision{MergeTake::their_directory, MergeConflict::file_directory});
  CHECK(decide("none", "d1", "l1") == MergeDecision{MergeTake::our_directory, MergeConflict::file_directory});
}
