#pragma once

#include <optional>
#include <string>
#include <variant>

#include "chunk/chunker.h"
#include "format/index_record.h"

namespace store {

/// An add's journal: what a later add may take over. Records count only if what they name is in the catalog or in
/// the valid prefix of the session's pack; so the journal needs no fsync.
struct JournalFile {  // a finished file
  IndexEntry entry;
  bool operator==(const JournalFile&) const = default;
};
struct JournalNode {  // a finished level-0 recipe node of a large file that is being read
  std::string path;
  StatKey stat;
  ChunkParameters parameters;
  std::uint64_t offset = 0;  // where the node's content starts
  std::uint64_t count = 0;   // entries
  std::uint64_t bytes = 0;
  ObjectId id;
  bool operator==(const JournalNode&) const = default;
};
/// A checkout's journal.
struct JournalTarget {  // what is being written where
  ObjectId commit;
  std::string operation;  // the same for each run of the same command, and only for those
  std::string boot_id;
  bool operator==(const JournalTarget&) const = default;
};
struct JournalWritten {  // a path that is complete (content and attributes)
  std::string path;
  ObjectId id;
  bool operator==(const JournalWritten&) const = default;
};
struct JournalRewrite {  // a large file about to be rewritten in place, from one content to another
  std::string path;
  ObjectId from;
  ObjectId to;
  bool operator==(const JournalRewrite&) const = default;
};
struct JournalDiscarded {  // what was there before the first file is touched, as the oplog will say of it
  ObjectId tree;
  std::optional<ObjectId> attributes;
  std::optional<ObjectId> wrote;  // of a checkout that leaves the index alone
  std::optional<ObjectId> index_before;  // of one that changes the index now: a second record, in the place of the first
  bool operator==(const JournalDiscarded&) const = default;
};
using JournalRecord =
    std::variant<JournalFile, JournalNode, JournalTarget, JournalWritten, JournalRewrite, JournalDiscarded>;

Bytes encode_journal_header();
std::size_t journal_header_size();
/// Error{corrupt} or Error{newer_format} unless `bytes` start with a journal's header.
void check_journal_header(ByteView bytes);
void append_journal_record(const JournalRecord& record, Bytes& out);
struct JournalStep {
  JournalRecord record;
  std::size_t size = 0;
};
/// Nothing at the end and at the first record that does not check: a journal is read up to its first flaw.
std::optional<JournalStep> next_journal_record(ByteView bytes);

/// A session's `info`: who is at work. Text, for messages and for adoption.
struct SessionInfo {
  std::string host;
  std::int64_t pid = 0;
  std::string command;
  std::int64_t start = 0;  // seconds
  bool operator==(const SessionInfo&) const = default;
};
Bytes encode_session_info(const SessionInfo& info);
SessionInfo decode_session_info(ByteView bytes);

}  // namespace store
