#include "pipeline/resume.h"

#include <variant>

#include "base/path.h"

namespace store {
namespace {

/// The path that an add's record is about; nothing for a checkout's records.
const std::string* path_of(const JournalRecord& record) {
  if (const auto* file = std::get_if<JournalFile>(&record)) return &file->entry.path;
  if (const auto* node = std::get_if<JournalNode>(&record)) return &node->path;
  return nullptr;
}

MappedFile map_journal(const DeadSession& session) {
  const std::optional<UniqueFd> fd = open_if_exists(session.directory.get(), layout::k_journal);
  if (!fd) return {};
  return {fd->get(), static_cast<std::size_t>(stat_fd(fd->get(), layout::k_journal).st_size), layout::k_journal};
}

}  // namespace

ResumeJournals::ResumeJournals(const std::vector<DeadSession>& sessions) {
  for (const DeadSession& session : sessions) {
    Reader reader;
    reader.map = map_journal(session);
    if (reader.map.view().size() < journal_header_size()) continue;
    reader.offset = journal_header_size();
    reader.advance();
    readers_.push_back(std::move(reader));
  }
}

void ResumeJournals::Reader::advance() {
  ahead.reset();
  std::optional<JournalStep> step = next_journal_record(map.view().subspan(offset));
  if (!step) return;
  offset += step->size;
  ahead = std::move(step->record);
}

void ResumeJournals::Reader::seek(const std::string& target) {
  if (path == target && (file || !nodes.empty())) return;
  path = target;
  file.reset();
  nodes.clear();
  for (; ahead; advance()) {
    const std::string* at = path_of(*ahead);
    if (at == nullptr) continue;
    const auto order = compare_paths(*at, target);
    if (order > 0) return;
    if (order < 0) continue;
    if (auto* finished = std::get_if<JournalFile>(&*ahead)) file = std::move(*finished);
    else nodes.push_back(std::get<JournalNode>(std::move(*ahead)));
  }
}

std::optional<IndexEntry> ResumeJournals::find_file(const std::string& path, const StatKey& stat,
                                                    std::uint16_t mode) {
  for (Reader& reader : readers_) {
    reader.seek(path);
    if (!reader.file) continue;
    const IndexEntry& entry = reader.file->entry;
    if (entry.stat == stat && entry.mode == mode && !entry.racy) return entry;
  }
  return std::nullopt;
}

std::vector<JournalNode> ResumeJournals::find_nodes(const std::string& path, const StatKey& stat,
                                                    const ChunkParameters& parameters) {
  std::vector<JournalNode> best;
  for (Reader& reader : readers_) {
    reader.seek(path);
    std::vector<JournalNode> run;
    std::uint64_t offset = 0;
    for (const JournalNode& node : reader.nodes) {
      if (node.stat != stat || node.parameters != parameters || node.offset != offset) break;
      offset += node.bytes;
      run.push_back(node);
    }
    if (run.size() > best.size()) best = std::move(run);
  }
  return best;
}

bool is_add_session(const DeadSession& session) {
  const MappedFile map = map_journal(session);
  if (map.view().size() < journal_header_size()) return true;
  const std::optional<JournalStep> first = next_journal_record(map.view().subspan(journal_header_size()));
  return !first || !std::holds_alternative<JournalTarget>(first->record);
}

}  // namespace store
