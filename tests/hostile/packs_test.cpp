// Packs whose checksums and names are right, around offsets, lengths and frames that lie.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>

#include "fuzz/format_codecs.h"
#include "hash/sha256.h"
#include "repo/catalog.h"
#include "support/attack.h"
#include "support/random_bytes.h"

using namespace store;
using namespace store::test;

namespace {

const std::string k_content = "the content of the one file that lies in the hostile pack, 64 B.";

/// A block's header and payload as they are told: both checksums are right, whatever the fields say.
struct RawBlockParts {
  std::uint8_t codec = 0;
  std::uint32_t raw_length = static_cast<std::uint32_t>(k_content.size());
  std::vector<std::uint32_t> lengths{static_cast<std::uint32_t>(k_content.size())};
  std::optional<std::uint32_t> objects = {};  // other than the number of lengths
  std::optional<std::uint32_t> stored_length = {};
  std::vector<ObjectId> bases = {};
  std::string payload = k_content;
};

Bytes encode(const RawBlockParts& parts) {
  Bytes bytes;
  bytes.reserve(1024);
  ByteWriter out(bytes);
  out.raw("STBK");
  out.u8(parts.codec);
  out.u8(static_cast<std::uint8_t>(parts.bases.size()));
  out.u16(0);
  out.u32(parts.objects.value_or(static_cast<std::uint32_t>(parts.lengths.size())));
  out.u32(parts.raw_length);
  out.u32(parts.stored_length.value_or(static_cast<std::uint32_t>(parts.payload.size())));
  out.u64(xxh3(as_bytes(parts.payload)));
  for (const std::uint32_t length : parts.lengths) {
    out.u8(1);
    out.u32(length);
  }
  for (const ObjectId& base : parts.bases) out.raw(base.view());
  out.u64(xxh3(bytes));
  out.raw(parts.payload);
  return bytes;
}

std::string frame_of(std::string_view content, int level = 3) {
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), level));
  return frame;
}

/// A footer as it is told.
struct RawFooter {
  std::vector<std::uint64_t> offsets;
  std::uint32_t block = 0;
  std::uint32_t ordinal = 0;
  std::uint32_t more = 0;  // entries before this one, of objects 0 to more-1, each in the block of its number
};

Bytes encode(const RawFooter& footer) {
  Bytes bytes;
  bytes.reserve(1024);
  ByteWriter out(bytes);
  const auto add = [&](const ObjectId& id, std::uint32_t block) {
    out.raw(id.view());
    out.u8(1);
    out.u8(0);
    out.u16(0);
    out.u32(block);
    out.u32(footer.ordinal);
  };
  for (std::uint32_t i = 0; i < footer.more; ++i) add(*ObjectId::from_hex(fmt::format("{:064x}", i + 1)), i);
  add(sha256(as_bytes(k_content)), footer.block);
  for (const std::uint64_t offset : footer.offsets) out.u64(offset);
  out.u64(0);
  out.u32(footer.more + 1);
  out.u32(static_cast<std::uint32_t>(footer.offsets.size()));
  out.u64(44 * (footer.more + 1ULL) + 8 * footer.offsets.size() + 32);
  out.raw("STOREFTR");
  testing::seal_footer(bytes);
  return bytes;
}

/// A commit whose one file `f` lies in a pack of this header, these blocks and this footer.
Codes attack_with(const Bytes& blocks, const RawFooter& footer = {.offsets = {32}}, const Bytes& header = encode_pack_header({})) {
  HostileRepository repository;
  repository.publish_tree({{.kind = 1, .mode = 0644, .size = k_content.size(), .name = "f", .id = sha256(as_bytes(k_content))}});
  const Bytes encoded = encode(footer);
  const ObjectId id = sha256(encoded);
  std::string file;
  for (const ByteView part : {ByteView(header), ByteView(blocks), ByteView(encoded)}) file += as_text(part);
  repository.scratch().write("work/.store/packs/" + id.hex() + ".pack", file);
  append_catalog(repository.repository(), {AddPacks{{{.id = id, .size = file.size(), .objects = 1, .flags = 0}}}}, {});
  return attack(repository);
}

void check_refused(const Codes& codes) {
  const std::vector<std::string> readers = {"cat", "export", "out", "checkout", "restore", "fsck", "data"};
  CHECK_MESSAGE(others(codes, readers, 6).empty(), fmt::format("{}", codes));
}

}  // namespace

TEST_CASE("a pack that is as it should be, raw or as a frame") {
  CHECK_MESSAGE(others(attack_with(encode(RawBlockParts{})), {"cat", "export", "out", "checkout", "fsck", "data"}, 0).empty(), "raw");
  const RawBlockParts frame{.codec = 1, .payload = frame_of(k_content)};
  CHECK_MESSAGE(others(attack_with(encode(frame)), {"cat", "export", "out", "checkout", "fsck", "data"}, 0).empty(), "frame");
}

TEST_CASE("frames that are bombs, two in one, or none at all") {
  const auto refused = [](const RawBlockParts& parts) { check_refused(attack_with(encode(parts))); };
  const std::string frame = frame_of(k_content), skippable("\x50\x2a\x4d\x18\x04\0\0\0abcd", 12);
  const std::string bomb = frame_of(std::string(200 << 20, 'b'));
  refused({.codec = 1, .payload = bomb});
  refused({.codec = 1, .raw_length = 8 << 20, .lengths = {8 << 20}, .payload = bomb});
  refused({.codec = 1, .payload = frame_of(k_content.substr(0, 32)) + frame_of(k_content.substr(32))});
  refused({.codec = 1, .payload = frame + frame});
  refused({.codec = 1, .payload = skippable + frame});
  refused({.codec = 1, .payload = frame + skippable});
  refused({.codec = 1, .payload = skippable});
  refused({.codec = 1, .payload = frame.substr(0, frame.size() - 1)});
  refused({.codec = 1, .payload = frame + "x"});
  refused({.codec = 1, .payload = "no frame"});
  // A frame that wants a window of 2 GiB.
  refused({.codec = 1, .payload = std::string("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9)});
  refused({.codec = 9, .payload = frame});
  refused({.codec = 0, .payload = frame});
}

TEST_CASE("lengths that are huge, wrap around or do not add up") {
  const auto refused = [](const RawBlockParts& parts) { check_refused(attack_with(encode(parts))); };
  refused({.raw_length = 0xffffffff, .lengths = {0xffffffff}});
  refused({.codec = 1, .raw_length = 0xffffffff, .lengths = {0xffffffff}, .payload = frame_of(k_content)});
  refused({.codec = 1, .raw_length = 72'000'000, .lengths = {72'000'000}, .payload = frame_of(std::string(72'000'000, 'p'))});
  refused({.raw_length = 64, .lengths = {0xffffffff, 65}});
  refused({.lengths = {32}});
  refused({.lengths = {0, 64}});
  refused({.lengths = {}});
  refused({.objects = 0xffffffff});
  refused({.objects = 65'537});
  refused({.stored_length = 0xffffffff});
  refused({.stored_length = 0});
  refused({.stored_length = 63});
}

TEST_CASE("content that is not what its id says, and bases that are not there or are itself") {
  const auto refused = [](const RawBlockParts& parts) { check_refused(attack_with(encode(parts))); };
  refused({.payload = std::string(64, 'x')});
  refused({.codec = 1, .bases = {sha256(as_bytes("nowhere"))}, .payload = frame_of(k_content)});
  refused({.codec = 1, .bases = {sha256(as_bytes(k_content))}, .payload = frame_of(k_content)});
  refused({.codec = 1, .bases = std::vector<ObjectId>(17, sha256(as_bytes(k_content))), .payload = frame_of(k_content)});
  refused({.codec = 1, .bases = {ObjectId{}}, .payload = frame_of(k_content)});
}

TEST_CASE("offsets and places that overlap, wrap around or lie outside") {
  const Bytes block = encode(RawBlockParts{});
  Bytes two = block;
  two.insert(two.end(), block.begin(), block.end());
  const std::vector<RawFooter> footers = {
      {.offsets = {~0ULL - 7}},
      {.offsets = {1ULL << 63}},
      {.offsets = {0}},
      {.offsets = {33}},
      {.offsets = {32 + block.size()}},
      {.offsets = {32 + block.size() + 60}},
      {.offsets = {}},
      {.offsets = {32}, .block = 1},
      {.offsets = {32}, .block = ~0U},
      {.offsets = {32}, .ordinal = 1},
      {.offsets = {32}, .ordinal = ~0U},
  };
  for (const RawFooter& footer : footers) {
    CAPTURE(fmt::format("{} {} {}", footer.offsets, footer.block, footer.ordinal));
    const Codes codes = attack_with(block, footer);
    CHECK_MESSAGE(others(codes, {"fsck", "data"}, 6).empty(), fmt::format("{}", codes));
  }
  for (const std::vector<std::uint64_t>& offsets :
       {std::vector<std::uint64_t>{32, 33}, {32, 32}, {32 + block.size(), 32}, {32, ~0ULL}, {32, 40, 48, 56}}) {
    CAPTURE(fmt::format("{}", offsets));
    const Codes codes = attack_with(two, {.offsets = offsets});
    CHECK_MESSAGE(others(codes, {"fsck", "data"}, 6).empty(), fmt::format("{}", codes));
  }
}

TEST_CASE("the last place that a block can have, in each of many blocks, costs no memory") {
  const Bytes block = encode(RawBlockParts{});
  RawFooter footer{.offsets = {}, .block = 19'999, .ordinal = k_max_block_objects - 1, .more = 19'999};
  Bytes blocks;
  for (std::uint32_t i = 0; i <= footer.more; ++i) {
    footer.offsets.push_back(32 + blocks.size());
    blocks.insert(blocks.end(), block.begin(), block.end());
  }
  check_refused(attack_with(blocks, footer));
}

namespace {

/// A repository with one pack, to be made longer.
struct OnePack : HostileRepository {
  OnePack() {
    publish_tree({file("f", "1\n"), file("g", noise)});
    for (const auto& entry : std::filesystem::directory_iterator(scratch().path("work/.store/packs"))) {
      name = "work/.store/packs/" + entry.path().filename().string();
      content = scratch().read(name);
    }
  }
  ProgramRun fsck() const {
    const ProgramRun run = run_program(worktree(), {"--json", "fsck"});
    CHECK(run.code == 6);
    CHECK(run.peak_memory < (160ULL << 20));
    return run;
  }
  const std::string noise{as_text(testing::random_bytes(300'000, 6))};
  std::string name;
  std::string content;
};

std::size_t problems_in(const std::string& json) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = json.find(R"("commits":)", at)) != json.npos; ++at) ++count;
  return count;
}

}  // namespace

TEST_CASE("what was appended to a pack, were it a terabyte, is told once, with where the pack ends, and all in it can be read") {
  const std::string noise(as_text(testing::random_bytes(100'000, 7)));
  for (const std::string& appended : {std::string(1, '\0'), noise, "STOREFTR" + noise, std::string()}) {
    CAPTURE(appended.size());
    const OnePack repository;
    repository.scratch().write(repository.name, repository.content + appended);
    if (appended.empty()) REQUIRE(::truncate(repository.scratch().path(repository.name).c_str(), 1LL << 40) == 0);
    const ProgramRun run = repository.fsck();
    CAPTURE(run.out);
    CHECK(problems_in(run.out) == 1);
    CHECK(run.out.find(fmt::format("ends at offset {}, the {} bytes behind it", repository.content.size(),
                                   appended.empty() ? (1ULL << 40) - repository.content.size() : appended.size())) != run.out.npos);
    CHECK(run.out.find(fmt::format(R"("offset":{})", repository.content.size())) != run.out.npos);
    CHECK(run_program(repository.worktree(), {"cat", "main:g"}).out == repository.noise);
    CHECK(run_program(repository.worktree(), {"checkout", "main", "--out", "../out"}).code == 0);
    CHECK(run_program(repository.worktree(), {"fsck", "--repair"}).code == 0);
    CHECK(run_program(repository.worktree(), {"fsck"}).code == 0);
  }
}

TEST_CASE("a pack with a hole of a terabyte in its middle, with its footer behind it or without, is told in time") {
  for (const bool footer : {true, false}) {
    CAPTURE(footer);
    const OnePack repository;
    const std::size_t half = repository.content.size() / 2;
    repository.scratch().write(repository.name, repository.content.substr(0, half));
    const std::string path = repository.scratch().path(repository.name);
    REQUIRE(::truncate(path.c_str(), 1LL << 40) == 0);
    std::ofstream(path, std::ios::app) << repository.content.substr(half, footer ? std::string::npos : 20);
    const ProgramRun run = repository.fsck();
    CAPTURE(run.out.substr(0, 2000));
    CHECK(run.out.find(fmt::format(R"("pack":"{}")", repository.name.substr(repository.name.size() - 69, 64))) != run.out.npos);
    CHECK(problems_in(run.out) < 10);
    const ProgramRun exported = run_program(repository.worktree(), {"export", "main", "-o", "../out.tar"});
    CHECK(exported.code == 6);
    CHECK(run_program(repository.worktree(), {"fsck", "--repair"}).code == 6);
  }
}

TEST_CASE("headers of another kind or of a later version") {
  const Bytes block = encode(RawBlockParts{});
  Codes codes = attack_with(block, {.offsets = {32}}, Bytes(32, std::byte{'x'}));
  CHECK_MESSAGE(others(codes, {"fsck", "data"}, 6).empty(), fmt::format("{}", codes));
  codes = attack_with(block, {.offsets = {32}}, encode_pack_header({.version = 1, .required = 1ULL << 40}));
  CHECK_MESSAGE(others(codes, {"cat", "out"}, 13).empty(), fmt::format("{}", codes));
}
