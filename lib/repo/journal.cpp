// Writing and reading a session's journal (the codecs are in format/journal.h).
#include <fcntl.h>

#include <utility>

#include "repo/read_window.h"
#include "repo/session.h"

namespace store {
namespace {

constexpr std::size_t k_flush_size = 64u << 10;
/// Over the longest record: a path, or a command line (2 MiB at most).
constexpr std::size_t k_largest_window = 4u << 20;

}  // namespace

JournalWriter::JournalWriter(FileSystem& fs, UniqueFd fd, std::uint64_t offset, std::string name)
    : fs_(fs), fd_(std::move(fd)), offset_(offset), name_(std::move(name)) {}

void JournalWriter::append(const JournalRecord& record) {
  append_journal_record(record, pending_);
  if (pending_.size() >= k_flush_size) flush();
}

void JournalWriter::flush() {
  if (pending_.empty()) return;
  try {
    fs_.pwrite(fd_.get(), pending_, offset_);
  } catch (Error& error) {
    error.add_context(name_);
    throw;
  }
  offset_ += pending_.size();
  pending_.clear();
}

void JournalWriter::sync() {
  flush();
  fs_.fdatasync(fd_.get());
}

void read_journal(const DeadSession& session, const std::function<void(JournalRecord&&)>& visit) {
  const std::optional<UniqueFd> fd = open_if_exists(session.directory.get(), layout::k_journal, O_NOFOLLOW | O_NONBLOCK);
  if (!fd) return;
  const Bytes header = encode_journal_header();
  Bytes found(header.size());
  if (pread_full(fd->get(), found, 0, layout::k_journal) != found.size() || found != header) return;
  ReadWindow window(fd->get(), header.size(), layout::k_journal, k_largest_window);
  do {
    while (std::optional<JournalStep> step = next_journal_record(window.bytes())) {
      window.skip(step->size);
      visit(std::move(step->record));
    }
  } while (window.grow());
}

}  // namespace store
