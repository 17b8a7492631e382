#include <doctest/doctest.h>

#include "chunk/chunker.h"
#include "support/random_bytes.h"
#include "unit/format/format_document.h"
#include "unit/format/samples.h"

using namespace store;
using namespace store::testing;

namespace {

std::string cuts_of(const Bytes& bytes) {
  std::string text;
  for (const std::uint64_t cut : chunk_cuts(ChunkParameters{}, bytes))
    text += fmt::format("{}{}", text.empty() ? "" : " ", cut);
  return text + "\n";
}

Bytes squares(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * i) >> 7 & 255);
  return bytes;
}

std::string gear_checks() {
  const std::array<std::uint64_t, 256>& gear = gear_table();
  std::uint64_t all = 0;
  for (const std::uint64_t value : gear) all ^= value;
  return fmt::format("G[0]   {:016x}\nG[1]   {:016x}\nG[255] {:016x}\nXOR    {:016x}\n", gear[0], gear[1], gear[255],
                     all);
}

}  // namespace

TEST_CASE("docs/format.md shows the bytes that the encoders write") {
  FormatDocument document;
  for (const Sample& sample : all_samples()) document.expect("hexdump", sample.name, hexdump(sample.bytes));
  document.expect_all_compared("hexdump");
}

TEST_CASE("docs/format.md shows the ids of its examples") {
  FormatDocument document;
  for (const auto& [name, id] : all_sample_ids()) document.expect("id", name, id + "\n");
  document.expect_all_compared("id");
}

TEST_CASE("docs/format.md shows the cuts that the chunker makes") {
  FormatDocument document;
  document.expect("vector", "gear-table", gear_checks());
  document.expect("vector", "splitmix64-1MiB", cuts_of(random_bytes(1u << 20, 0)));
  document.expect("vector", "zeros-300000", cuts_of(Bytes(300'000)));
  document.expect("vector", "squares-400000", cuts_of(squares(400'000)));
  document.expect_all_compared("vector");
}

TEST_CASE("the examples decode to what they were made of") {
  CHECK(decode_tree_entry(encode_tree_entry(sample_tree_entry())) == sample_tree_entry());
  CHECK(decode_attributes(encode_attributes(sample_attributes())) == sample_attributes());
  CHECK(decode_attributes(encode_attributes(sample_root_attributes())) == sample_root_attributes());
  CHECK(decode_commit(encode_commit(sample_commit())) == sample_commit());
  CHECK(decode_footer(encode_footer(sample_footer())).entries == sample_footer().entries);
  CHECK(decode_footer(encode_footer(sample_footer())).block_offsets == sample_footer().block_offsets);
  bool torn = true;
  CHECK(next_catalog_record(encode_catalog_record(sample_layer()), torn)->record == CatalogRecord(sample_layer()));
  CHECK(next_oplog_record(encode_oplog_record(sample_oplog()), 0, torn)->record == sample_oplog());
  CHECK(decode_index_record(sample_index_record()) == sample_index_entry());
  CHECK(decode_index_metadata(sample_index_entry().metadata) == sample_index_metadata());
  CHECK(next_journal_record(sample_journal(sample_journal_node()))->record == JournalRecord(sample_journal_node()));
}

TEST_CASE("a later version and an unknown required feature are told from damage") {
  constexpr std::size_t k_version_at = 8, k_required_at = 16;
  Bytes later = encode_pack_header({});
  later[k_version_at + 1] = std::byte{2};
  CHECK_THROWS_WITH(decode_pack_header(later), "pack header: header checksum differs at offset 32");
  seal_header(later);
  CHECK_THROWS_WITH(decode_pack_header(later), "pack header: format version 2 exceeds 1");
  const Bytes feature = encode_pack_header({.version = 1, .required = 4});
  CHECK(feature[k_required_at + 7] == std::byte{4});
  CHECK_THROWS_WITH(decode_pack_header(feature), "pack header: unknown required features 0x4");
}
