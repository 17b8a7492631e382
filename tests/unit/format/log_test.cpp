#include <doctest/doctest.h>

#include "base/error.h"
#include "base/path.h"
#include "format/table.h"
#include "unit/format/random_records.h"
#include "unit/format/samples.h"

using namespace store;
using namespace store::testing;

namespace {

void append(Bytes& log, const Bytes& record) { log.insert(log.end(), record.begin(), record.end()); }

struct CatalogRead {
  std::vector<CatalogRecord> records;
  std::size_t size = 0;
  bool torn = false;
};

CatalogRead read_catalog(ByteView bytes) {
  CatalogRead read;
  while (const std::optional<CatalogStep> step = next_catalog_record(bytes.subspan(read.size), read.torn)) {
    read.records.push_back(*step->record);
    read.size += step->size;
  }
  return read;
}

std::vector<IndexEntry> any_index(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::set<std::string, PathLess> paths;
  while (paths.size() < count) paths.insert(any_path(random));
  std::vector<IndexEntry> entries;
  for (const std::string& path : paths) entries.push_back(any_index_entry(random, path));
  return entries;
}

Bytes base_of(const std::vector<IndexEntry>& entries) {
  Bytes bytes;
  IndexBaseWriter writer([&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  for (const IndexEntry& entry : entries) writer.add(entry);
  writer.finish();
  return bytes;
}

}  // namespace

TEST_CASE("a catalog cut at any byte keeps every whole record and calls the rest torn") {
  Random random(1);
  Bytes log;
  std::vector<std::size_t> borders{0};
  for (int i = 0; i < 4; ++i) {
    append(log, encode_catalog_record(any_catalog_record(random)));
    borders.push_back(log.size());
  }
  for (std::size_t length = 0; length <= log.size(); ++length) {
    const CatalogRead read = read_catalog(ByteView(log).first(length));
    const auto whole = std::upper_bound(borders.begin(), borders.end(), length) - 1;
    CHECK(read.size == *whole);
    CHECK(read.torn == (*whole != length));
  }
}

TEST_CASE("zeros after the last record are a torn tail") {
  Random random(2);
  Bytes log = encode_catalog_record(any_catalog_record(random));
  const std::size_t good = log.size();
  log.resize(good + 4096);
  const CatalogRead read = read_catalog(log);
  CHECK(read.size == good);
  CHECK(read.torn);
}

TEST_CASE("a damaged record before a good one is corruption in catalog and oplog") {
  Random random(3);
  Bytes catalog = encode_catalog_record(any_catalog_record(random));
  Bytes oplog = encode_oplog_record(any_oplog_record(random));
  for (Bytes* log : {&catalog, &oplog}) {
    const std::size_t first = log->size();
    append(*log, Bytes(*log));
    for (const std::size_t at : {std::size_t{0}, std::size_t{5}, first / 2, first - 1}) {
      Bytes damaged = *log;
      damaged[at] ^= std::byte{1};
      bool torn = false;
      try {
        if (log == &catalog)
          next_catalog_record(damaged, torn);
        else
          next_oplog_record(damaged, 0, torn);
        FAIL_CHECK("accepted a flip at ", at);
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::corrupt);
      }
    }
  }
}

TEST_CASE("an oplog record is named by the SHA-256 of its bytes and its place") {
  Random random(4);
  Bytes bytes = encode_oplog_record(any_oplog_record(random));
  const ObjectId expected = sha256(bytes);
  bytes.push_back(std::byte{1});
  bool torn = false;
  CHECK(next_oplog_record(bytes, 32, torn)->digest == expected);
  CHECK(next_oplog_record(bytes, 32, torn)->id == oplog_record_id(expected, 32));
  CHECK(oplog_record_id(expected, 32) != oplog_record_id(expected, 33));
}

TEST_CASE("a ref's file is good for its own name only") {
  const RefValue value{.id = id_of("commit"), .branch = {}};
  const Bytes file = encode_ref("refs/heads/main", value);
  CHECK(decode_ref("refs/heads/main", file) == value);
  CHECK_THROWS_AS(decode_ref("refs/heads/other", file), Error);
  const RefValue head{.id = {}, .branch = "refs/heads/\n%\xff"};
  CHECK(decode_ref("HEAD", encode_ref("HEAD", head)) == head);
  CHECK_THROWS_AS(encode_ref("HEAD", RefValue{}), Error);
  CHECK_THROWS_AS(encode_ref("HEAD", RefValue{.id = id_of("x"), .branch = "refs/heads/main"}), Error);
}

TEST_CASE("a text record of a later version is told from damage") {
  Bytes file = encode_ref("HEAD", {.id = id_of("commit"), .branch = {}});
  constexpr std::size_t k_version_at = std::string_view("store ref v").size();
  file[k_version_at] = std::byte{'2'};
  CHECK_THROWS_WITH(decode_ref("HEAD", file), "ref HEAD: checksum differs");
  seal_text(file);
  CHECK_THROWS_WITH(decode_ref("HEAD", file), "ref HEAD: unknown version 2");
}

TEST_CASE("a journal is read up to its first flaw") {
  Random random(5);
  Bytes journal;
  std::vector<JournalRecord> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(any_journal_record(random));
    append_journal_record(records.back(), journal);
  }
  std::size_t at = 0;
  for (const JournalRecord& record : records) {
    const std::optional<JournalStep> step = next_journal_record(ByteView(journal).subspan(at));
    REQUIRE(step.has_value());
    CHECK(step->record == record);
    Bytes damaged(journal.begin() + static_cast<std::ptrdiff_t>(at), journal.end());
    damaged[step->size / 2] ^= std::byte{1};
    CHECK_FALSE(next_journal_record(damaged).has_value());
    at += step->size;
  }
  CHECK_FALSE(next_journal_record(ByteView(journal).subspan(at)).has_value());
}

TEST_CASE("an index batch exists with its whole end mark or not at all") {
  Random random(6);
  Bytes log;
  IndexBatchWriter writer(log);
  std::vector<IndexEntry> entries = any_index(5, 1);
  for (const IndexEntry& entry : entries) writer.add(entry);
  writer.finish();
  for (std::size_t length = 0; length < log.size(); ++length)
    CHECK_FALSE(read_index_batch(ByteView(log).first(length)).has_value());
  const std::size_t size = log.size();
  log.resize(size + 100);
  const std::optional<IndexBatch> batch = read_index_batch(log);
  REQUIRE(batch.has_value());
  CHECK(batch->size == size);
  REQUIRE(batch->records.size() == entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CHECK(batch->records[i].first == entries[i].path);
    CHECK(decode_index_record(batch->records[i].second) == entries[i]);
  }
}

TEST_CASE("a batch is the same however its caller drains the buffer") {
  const std::vector<IndexEntry> entries = any_index(20, 2);
  Bytes whole, drained, buffer;
  IndexBatchWriter one(whole), other(buffer);
  const auto drain = [&] {
    append(drained, buffer);
    buffer.clear();
  };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    one.add(entries[i]);
    other.add(entries[i]);
    if (i % 3 == 0) drain();
  }
  one.finish();
  other.finish();
  drain();
  CHECK(drained == whole);
}

TEST_CASE("a path of the index cannot leave the tree") {
  const std::string hostile[] = {"..", "a/..", "../a", "/a", "a/", "a//b", ".", "a/./b", std::string("a\0b", 3)};
  for (const std::string& path : hostile) {
    IndexEntry entry;
    entry.path = path;
    Bytes record;
    append_index_record(entry, record);
    CHECK_THROWS_AS(decode_index_record(record), Error);
  }
}

TEST_CASE("index.base seeks to the first path that is not below, for every path and between them") {
  for (const std::size_t count : {0u, 1u, 15u, 16u, 17u, 400u}) {
    const std::vector<IndexEntry> entries = any_index(count, count);
    const Bytes bytes = base_of(entries);
    const IndexBaseView view(bytes);
    CHECK(view.size() == count);
    IndexBaseView::Cursor cursor = view.seek("");
    for (const IndexEntry& entry : entries) {
      REQUIRE_FALSE(cursor.at_end());
      CHECK(cursor.entry() == entry);
      cursor.next();
    }
    CHECK(cursor.at_end());
    Random random(count);
    for (std::size_t i = 0; i < count + 50; ++i) {
      const std::string path = i < count ? entries[i].path : any_path(random);
      const auto expected = std::find_if(entries.begin(), entries.end(), [&](const IndexEntry& entry) {
        return compare_paths(entry.path, path) >= 0;
      });
      const IndexBaseView::Cursor found = view.seek(path);
      CHECK(found.at_end() == (expected == entries.end()));
      if (!found.at_end() && expected != entries.end()) CHECK(found.entry() == *expected);
    }
  }
}

TEST_CASE("index.base stores shared beginnings of paths once") {
  std::vector<IndexEntry> entries(16);
  const std::string directory(200, 'd');
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].path = directory + "/" + static_cast<char>('a' + i);
  CHECK(base_of(entries).size() < 2 * directory.size() + entries.size() * 40 + 100);
}

TEST_CASE("index.base that was never written has no entries") {
  const IndexBaseView view({});
  CHECK(view.size() == 0);
  CHECK(view.seek("").at_end());
}

TEST_CASE("a damaged block of index.base is found by whoever enters it, others stay readable") {
  const std::vector<IndexEntry> entries = any_index(200, 8);
  Bytes bytes = base_of(entries);
  constexpr std::size_t k_first_block = 32;
  bytes[k_first_block + 10] ^= std::byte{1};
  const IndexBaseView view(bytes);
  CHECK_THROWS_AS(view.seek(entries[3].path), Error);
  CHECK(view.seek(entries[100].path).entry() == entries[100]);
}
