#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <set>

#include "ops/staging.h"
#include "unit/pipeline/naive_content.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

ChunkParameters parameters_of(const WorkFixture& fixture) {
  return ChunkParameters::for_average(fixture.settings.chunking.avg);
}

/// Sizes around every border there is, up to three times the maximum chunk.
std::set<std::uint64_t> sizes_around_borders(const WorkFixture& fixture, std::uint64_t window) {
  const ChunkParameters parameters = parameters_of(fixture);
  std::set<std::uint64_t> sizes{0, 1, 63, 64, 65};
  for (const std::uint64_t border :
       {fixture.settings.core.inline_threshold, std::uint64_t{parameters.min}, std::uint64_t{parameters.max}, window,
        2 * window, std::uint64_t{parameters.min} + parameters.max, std::uint64_t{2} * parameters.max,
        std::uint64_t{3} * parameters.max})
    for (const std::uint64_t size : {border - 1, border, border + 1}) sizes.insert(size);
  for (std::uint64_t size = 0; size <= 3 * parameters.max; size += parameters.max / 5 + 1) sizes.insert(size);
  return sizes;
}

/// Every size three times: noise, zeros and a text that repeats; files, links and folders in between.
void write_tree_of_all_sizes(const WorkFixture& fixture, std::uint64_t window) {
  for (const std::uint64_t size : sizes_around_borders(fixture, window)) {
    const auto length = static_cast<std::size_t>(size);
    const std::string name = fmt::format("d{}/{:06}", size % 7, size);
    fixture.write(name + ".noise", noise(length, size + 1));
    fixture.write(name + ".zeros", std::string(length, '\0'));
    std::string text;
    while (text.size() < length) text += fmt::format("line {} of {}\n", text.size() % 1000, size % 3);
    fixture.write(name + ".text", text.substr(0, length), size % 2 == 0 ? 0755 : 0640);
  }
  fixture.make_symlink("d1/dangling", "no such place");
  fixture.make_directory("empty/below");
}

/// The window of the tree of all sizes; other tests' windows put borders elsewhere.
constexpr std::uint64_t k_window = 4096;

struct Variant {
  std::string name;
  unsigned threads = 1;
  std::uint64_t window = 1u << 20;
  unsigned batch = 100;
  std::uint64_t memory_map_threshold = 10u << 20;
  bool read_ahead = true;
};

void use(WorkFixture& fixture, const Variant& variant) {
  fixture.settings.performance.max_worker_threads = variant.threads;
  fixture.settings.performance.buffer_size = variant.window;
  fixture.settings.performance.batch_size = variant.batch;
  fixture.settings.performance.memory_map_threshold = variant.memory_map_threshold;
  fixture.settings.performance.async_io = variant.read_ahead;
}

}  // namespace

TEST_CASE("ids and pack bytes do not depend on threads, windows, batches or the way files are read") {
  WorkFixture fixture;
  write_tree_of_all_sizes(fixture, k_window);
  const AddResult expected = fixture.add_all();
  REQUIRE(expected.failed.empty());
  const std::map<std::string, std::string> packs = fixture.packs();
  REQUIRE(!packs.empty());
  const ObjectId tree = fixture.commit().tree;

  for (const Variant& variant : {Variant{.name = "2 threads", .threads = 2}, Variant{.name = "8 threads", .threads = 8},
                                 Variant{.name = "small windows", .window = k_window},
                                 Variant{.name = "odd windows, 8 threads", .threads = 8, .window = 5003},
                                 Variant{.name = "batches of one", .threads = 2, .batch = 1},
                                 Variant{.name = "batches of three", .batch = 3},
                                 Variant{.name = "all mapped", .threads = 2, .window = k_window, .memory_map_threshold = 0},
                                 Variant{.name = "never mapped", .threads = 2, .memory_map_threshold = k_never},
                                 Variant{.name = "without read-ahead", .read_ahead = false}}) {
    CAPTURE(variant.name);
    fixture.start_over();
    use(fixture, variant);
    const AddResult result = fixture.add_all();
    CHECK(result.failed.empty());
    CHECK(result.totals.files == expected.totals.files);
    CHECK(result.totals.bytes == expected.totals.bytes);
    CHECK(result.totals.chunks == expected.totals.chunks);
    CHECK(result.totals.new_chunks == expected.totals.new_chunks);
    CHECK(result.totals.new_bytes == expected.totals.new_bytes);
    CHECK(result.totals.stored_bytes == expected.totals.stored_bytes);
    const bool same_packs = fixture.packs() == packs;
    CHECK(same_packs);
    CHECK(fixture.commit().tree == tree);
  }
}

TEST_CASE("every size around every border is recorded as the format says") {
  WorkFixture fixture;
  write_tree_of_all_sizes(fixture, k_window);
  use(fixture, {.name = "", .threads = 2, .window = k_window});
  fixture.add_all();
  const ChunkParameters parameters = parameters_of(fixture);
  const std::uint64_t threshold = fixture.settings.core.inline_threshold;
  const Workspace workspace = fixture.open();
  std::size_t files = 0;
  for (const std::uint64_t size : sizes_around_borders(fixture, k_window)) {
    for (const std::string suffix : {".noise", ".zeros", ".text"}) {
      const std::string name = fmt::format("d{}/{:06}", size % 7, size) + suffix;
      CAPTURE(name);
      const ContentId expected = naive_content_id(fixture.scratch().read("work/" + name), parameters, threshold);
      const std::optional<IndexEntry> entry = fixture.staged(name);
      REQUIRE(entry);
      CHECK(entry->kind == expected.kind);
      CHECK(entry->size == expected.size);
      CHECK(entry->id == expected.id);
      CHECK(content_id(workspace.worktree_fd(), name, parameters, threshold) == expected);
      ++files;
    }
  }
  CHECK(files > 60);
}

TEST_CASE("figures tell how bytes were read: threshold 0 maps every regular file, never streams them") {
  WorkFixture fixture;
  write_tree_of_all_sizes(fixture, k_window);
  fixture.settings.performance.memory_map_threshold = 0;
  const IngestTotals mapped = fixture.add_all().totals;
  CHECK(mapped.streamed_bytes == 0);
  CHECK(mapped.mapped_bytes == mapped.bytes);
  fixture.start_over();
  fixture.settings.performance.memory_map_threshold = k_never;
  const IngestTotals streamed = fixture.add_all().totals;
  CHECK(streamed.mapped_bytes == 0);
  CHECK(streamed.streamed_bytes == streamed.bytes);
  fixture.start_over();
  fixture.settings.performance.memory_map_threshold = fixture.settings.core.inline_threshold;
  const IngestTotals both = fixture.add_all().totals;
  CHECK(both.mapped_bytes != 0);
  CHECK(both.streamed_bytes != 0);
  CHECK(both.mapped_bytes + both.streamed_bytes == both.bytes);
}

TEST_CASE("a file as large as the memory map threshold is streamed, one byte more is mapped") {
  WorkFixture fixture;
  constexpr std::uint64_t k_threshold = 100'000;
  fixture.settings.performance.memory_map_threshold = k_threshold;
  fixture.write("at", noise(k_threshold, 1));
  CHECK(fixture.add_all().totals.mapped_bytes == 0);
  fixture.write("above", noise(k_threshold + 1, 2));
  fixture.settle();
  const AddResult result = fixture.add_paths({"above"});
  CHECK(result.totals.mapped_bytes == k_threshold + 1);
}

TEST_CASE("holes, written zeros and any mixture have one id") {
  WorkFixture fixture;
  const ChunkParameters parameters = parameters_of(fixture);
  const std::uint64_t threshold = fixture.settings.core.inline_threshold;
  testing::SplitMix64 random(4);
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    const std::uint64_t size = random.between(threshold + 1, std::uint64_t{40} * parameters.max);
    std::vector<std::pair<std::uint64_t, std::string>> pieces;
    std::string dense(static_cast<std::size_t>(size), '\0');
    for (std::uint64_t at = random.between(0, 60'000); at < size; at += random.between(1, 150'000)) {
      const std::uint64_t length = std::min(size - at, random.between(1, round % 2 == 0 ? 100 : 30'000));
      pieces.emplace_back(at, noise(static_cast<std::size_t>(length), random.next()));
      dense.replace(static_cast<std::size_t>(at), pieces.back().second.size(), pieces.back().second);
      at += length;
    }
    const std::string sparse_name = fmt::format("sparse{}", round);
    const std::string dense_name = fmt::format("dense{}", round);
    write_sparse(fixture.path(sparse_name), size, pieces);
    fixture.write(dense_name, dense);
    fixture.settings.performance.buffer_size = round % 3 == 0 ? 4096 : 1u << 20;
    fixture.settings.performance.max_worker_threads = 1 + static_cast<unsigned>(round % 2);
    fixture.add_all();
    const ContentId expected = naive_content_id(dense, parameters, threshold);
    const std::optional<IndexEntry> sparse_entry = fixture.staged(sparse_name);
    const std::optional<IndexEntry> dense_entry = fixture.staged(dense_name);
    REQUIRE(sparse_entry);
    REQUIRE(dense_entry);
    CHECK(sparse_entry->id == expected.id);
    CHECK(dense_entry->id == expected.id);
    CHECK(sparse_entry->chunks == dense_entry->chunks);
    const Workspace workspace = fixture.open();
    CHECK(content_id(workspace.worktree_fd(), sparse_name, parameters, threshold) == expected);
    CHECK(content_id(workspace.worktree_fd(), dense_name, parameters, threshold) == expected);
  }
  CHECK(fixture.fsck().problems.empty());
}

TEST_CASE("a hole of a tebibyte costs no chunk, no memory and no reading") {
  WorkFixture fixture;
  constexpr std::uint64_t k_tebibyte = 1ULL << 40;
  // Data at the start, in the middle and at the end, so that chunks reach into holes from both sides.
  write_sparse(fixture.path("huge"), k_tebibyte,
               {{0, noise(10'000, 1)}, {k_tebibyte / 2 + 12'345, noise(20'000, 2)}, {k_tebibyte - 77, noise(77, 3)}});
  write_sparse(fixture.path("only hole"), k_tebibyte, {});
  const AddResult result = fixture.add_all();
  CHECK(result.failed.empty());
  CHECK(result.totals.bytes == 2 * k_tebibyte);
  CHECK(result.totals.mapped_bytes + result.totals.streamed_bytes < 1u << 20);
  CHECK(result.totals.stored_bytes < 100'000);
  CHECK(result.totals.chunks < 50);
  const std::optional<IndexEntry> hole = fixture.staged("only hole");
  REQUIRE(hole);
  CHECK(hole->chunks == 0);
  CHECK(hole->size == k_tebibyte);
  RecipeBuilder recipe([](const NodeBuilder::Built&) {});
  recipe.add_zeros(k_tebibyte);
  CHECK(hole->id == recipe.finish().id);
  const Workspace workspace = fixture.open();
  const std::uint64_t threshold = fixture.settings.core.inline_threshold;
  CHECK(content_id(workspace.worktree_fd(), "huge", parameters_of(fixture), threshold).id == fixture.staged("huge")->id);
}

TEST_CASE("equal content is stored once within a run and across runs") {
  WorkFixture fixture;
  const std::string large = noise(100'000, 1);
  const std::string small = noise(1000, 2);
  fixture.write("a/large", large);
  fixture.write("a/small", small);
  fixture.write("b/large", large);
  fixture.write("b/small", small);
  const IngestTotals first = fixture.add_all().totals;
  CHECK(first.files == 4);
  CHECK(first.bytes == 2 * (large.size() + small.size()));
  CHECK(first.new_bytes == large.size() + small.size());
  CHECK(first.chunks == 2 * first.new_chunks);
  CHECK(first.cache_misses == 4);
  fixture.write("c/large", "prefix" + large);
  fixture.write("c/small", small);
  const IngestTotals second = fixture.add_paths({"c"}).totals;
  CHECK(second.files == 2);
  CHECK(second.unchanged_files == 1);
  // A prefix changes the chunk it is in and the cut behind it at most.
  CHECK(second.new_chunks <= 2);
  CHECK(second.new_bytes <= 2 * parameters_of(fixture).max);
}

TEST_CASE("content that is the preimage of a commit, a tree node or a recipe node never stands in for them") {
  // The bytes that a node's id is the SHA-256 of, and a commit's: a chunk of these bytes has the same id.
  const auto node_preimage = [](const Node& node) {
    std::vector<ObjectId> leaves;
    for (const ByteView entry : node.entries) leaves.push_back(mth_leaf(entry));
    Bytes preimage;
    ByteWriter writer(preimage);
    writer.raw(std::string_view("store.node.v1\0", 14));
    writer.u8(static_cast<std::uint8_t>(node.type));
    writer.u8(node.level);
    writer.u32(static_cast<std::uint32_t>(node.entries.size()));
    writer.u64(node.count);
    writer.u64(node.bytes);
    writer.raw(mth_root(leaves).view());
    return std::string(as_text(preimage));
  };
  // The objects of one commit, learnt in a repository of their own.
  const auto fill = [](const WorkFixture& fixture) {
    fixture.write("d/large", noise(20'000, 7));
    fixture.write("d/small", "small");
  };
  std::vector<std::string> preimages;
  CommitResult expected;
  {
    WorkFixture model;
    fill(model);
    expected = model.snapshot();
    const Workspace workspace = model.open();
    const ObjectId subtree = model.staged("d")->id;
    const ObjectId recipe = model.staged("d/large")->id;
    preimages.push_back(std::string("store.commit.v1\0", 16) +
                        std::string(as_text(workspace.objects().read({ObjectType::commit, expected.id}))));
    for (const ObjectKey& key : {ObjectKey{ObjectType::tree, expected.tree}, ObjectKey{ObjectType::tree, subtree},
                                 ObjectKey{ObjectType::recipe, recipe}}) {
      const Bytes bytes = workspace.objects().read(key);
      preimages.push_back(node_preimage(decode_node(key.type, bytes)));
      REQUIRE(sha256(as_bytes(preimages.back())) == key.id);
    }
    REQUIRE(sha256(as_bytes(preimages[0])) == expected.id);
  }
  const auto write_preimages = [&](const WorkFixture& fixture) {
    for (std::size_t i = 0; i < preimages.size(); ++i) fixture.write(fmt::format("p{}", i), preimages[i]);
  };
  const auto remove_preimages = [&](const WorkFixture& fixture) {
    for (std::size_t i = 0; i < preimages.size(); ++i) fixture.remove(fmt::format("p{}", i));
  };
  SUBCASE("chunks first, objects after") {
    WorkFixture fixture;
    write_preimages(fixture);
    const AddResult added = fixture.add_all();
    CHECK(added.totals.new_chunks == preimages.size());
    remove_preimages(fixture);
    fill(fixture);
    const CommitResult commit = fixture.snapshot();
    CHECK(commit.committed);
    CHECK(commit.tree == expected.tree);
    CHECK(commit.id == expected.id);
    const Workspace workspace = fixture.open();
    CHECK(workspace.objects().contains({ObjectType::commit, expected.id}));
    CHECK(workspace.objects().contains({ObjectType::tree, expected.tree}));
    CHECK(as_text(workspace.objects().read({ObjectType::chunk, expected.id})) == preimages[0]);
    CHECK(describe(fixture.fsck()) == "");
  }
  SUBCASE("objects first, chunks after") {
    WorkFixture fixture;
    fill(fixture);
    CHECK(fixture.snapshot().id == expected.id);
    write_preimages(fixture);
    const AddResult added = fixture.add_all();
    CHECK(added.totals.new_chunks == preimages.size());
    fixture.commit("second");
    const Workspace workspace = fixture.open();
    for (const std::string& preimage : preimages) {
      const ObjectId id = sha256(as_bytes(preimage));
      CHECK(as_text(workspace.objects().read({ObjectType::chunk, id})) == preimage);
    }
    CHECK(describe(fixture.fsck()) == "");
  }
}

TEST_CASE("one byte appended across the inline threshold makes at most two new chunks") {
  WorkFixture fixture;
  for (const std::uint64_t threshold : {std::uint64_t{4096}, std::uint64_t{3000}}) {
    fixture.settings.core.inline_threshold = threshold;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const std::string name = fmt::format("f{}-{}", threshold, seed);
      fixture.write(name, noise(static_cast<std::size_t>(threshold), threshold + seed));
      CHECK(fixture.add_paths({name}).totals.new_chunks == 1);
      fixture.append(name, "x");
      const IngestTotals grown = fixture.add_paths({name}).totals;
      CHECK(grown.new_chunks >= 1);
      CHECK(grown.new_chunks <= 2);
      CHECK(fixture.staged(name)->kind == EntryKind::large_file);
    }
  }
}

TEST_CASE("one byte appended at any size makes at most two new chunks, mapped or not") {
  WorkFixture fixture;
  constexpr std::uint64_t k_threshold = 50'000;
  fixture.settings.performance.memory_map_threshold = k_threshold;
  fixture.settings.performance.buffer_size = 16'384;
  const ChunkParameters parameters = parameters_of(fixture);
  for (const std::uint64_t size : {std::uint64_t{parameters.min} * 2, std::uint64_t{parameters.max},
                                   std::uint64_t{parameters.max} + 1, k_threshold, std::uint64_t{16'384} * 2}) {
    CAPTURE(size);
    const std::string name = fmt::format("f{}", size);
    fixture.write(name, noise(static_cast<std::size_t>(size), size));
    fixture.add_paths({name});
    fixture.append(name, "x");
    CHECK(fixture.add_paths({name}).totals.new_chunks <= 2);
  }
}

TEST_CASE("a dry run tells the true figures and writes nothing") {
  WorkFixture fixture;
  write_tree_of_all_sizes(fixture, k_window);
  AddOptions options;
  options.all = true;
  options.dry_run = true;
  const IngestTotals dry = fixture.add(options).totals;
  CHECK(fixture.packs().empty());
  CHECK(!fixture.staged("d0"));
  const IngestTotals real = fixture.add_all().totals;
  CHECK(dry.files == real.files);
  CHECK(dry.bytes == real.bytes);
  CHECK(dry.chunks == real.chunks);
  CHECK(dry.new_chunks == real.new_chunks);
  CHECK(dry.new_bytes == real.new_bytes);
  CHECK(dry.directories == real.directories);
  CHECK(dry.symlinks == real.symlinks);
  CHECK(dry.stored_bytes == real.stored_bytes);
  const IngestTotals again = fixture.add(options).totals;
  CHECK(again.new_chunks == 0);
  CHECK(again.stored_bytes == 0);
}

TEST_CASE("progress counts what was done: read, unchanged, holes") {
  WorkFixture fixture;
  write_tree_of_all_sizes(fixture, k_window);
  write_sparse(fixture.path("sparse"), 1u << 30, {{0, "start"}, {500'000'000, noise(20'000, 1)}});
  fixture.settle();
  for (const unsigned threads : {1u, 2u}) {
    fixture.start_over();
    fixture.settings.performance.max_worker_threads = threads;
    for (int run = 0; run < 2; ++run) {
      CAPTURE(threads);
      CAPTURE(run);
      Progress progress;
      fixture.env.progress = &progress;
      const IngestTotals totals = fixture.add_all().totals;
      CHECK(progress.stage == Stage::ingest);
      CHECK(progress.files_done.load() == totals.files);
      CHECK(progress.bytes_done.load() == totals.bytes);
      CHECK(progress.chunks_done.load() == totals.chunks);
      CHECK(progress.new_chunks.load() == totals.new_chunks);
      CHECK(progress.new_bytes.load() == totals.new_bytes);
    }
    fixture.env.progress = nullptr;
  }
}
