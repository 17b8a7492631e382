#include "pipeline/repack.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>

#include "base/error.h"
#include "pipeline/threads.h"
#include "repo/directory.h"
#include "repo/key_set.h"
#include "repo/pack_replace.h"

namespace store {
namespace {

constexpr char k_temporary[] = "pack.tmp-repack";

/// A block as stored, decoded, filled and compressed anew, with what their buffers hold in reserve.
constexpr std::uint64_t k_bytes_per_item = 8ULL * k_data_block_size;
/// The rest is for keys, and for the footers of packs.
std::uint64_t memory_of_items(const RepackOptions& options) { return options.memory / 2; }

/// What the pipeline's stages of one thread at a time use again and again.
struct Codecs {
  Compressor compressor;
  Decompressor decompressor;
};

std::size_t objects_of(const std::vector<CatalogPack>& packs) {
  std::size_t objects = 0;
  for (const CatalogPack& pack : packs) objects += pack.objects;
  return objects;
}

/// One block on its way.
struct Item {
  std::shared_ptr<const PackFile> pack;  // nothing: behind the last block
  std::size_t pack_number = 0;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::optional<DecodedBlock> decoded;
  std::vector<ObjectKey> keys;
  std::vector<RawBlock> closed;
  std::vector<EncodedBlock> encoded;
  std::optional<Error> damage;
};

class Rewriter {
 public:
  Rewriter(const Repository& repository, const ObjectReader& objects, const std::vector<CatalogPack>& packs, int session_fd,
           const RepackOptions& options)
      : repository_(repository),
        objects_(objects),
        packs_(packs),
        options_(options),
        most_objects_(objects_of(packs)),
        seen_(most_objects_),
        writer_(repository, session_fd, options.sync, k_temporary) {}

  std::vector<CatalogPack> run() {
    if (options_.threads <= 1) run_in_a_loop();
    else run_in_parallel();
    if (!writer_.empty()) sealed_.push_back(writer_.seal());
    return std::move(sealed_);
  }

  void clean_up() {
    writer_.discard();
    unlink_unnamed(repository_, sealed_);
  }
  /// The pack that turned out damaged.
  const std::optional<CatalogPack>& damaged() const { return damaged_; }

 private:
  void run_in_a_loop() {
    Codecs codecs;
    while (const std::shared_ptr<Item> item = plan()) {
      decode(*item, codecs);
      assemble(*item);
      encode(*item, codecs);
      append(*item);
    }
  }

  void run_in_parallel() {
    namespace tbb = oneapi::tbb;
    using tbb::filter_mode;
    using Pointer = std::shared_ptr<Item>;
    std::vector<Codecs> codecs(options_.threads);
    const auto source = [this](tbb::flow_control& control) {
      Pointer item = plan();
      if (!item) control.stop();
      return item;
    };
    const auto chain =
        tbb::make_filter<void, Pointer>(filter_mode::serial_in_order, source) &
        tbb::make_filter<Pointer, Pointer>(filter_mode::parallel,
                                           [&](Pointer item) {
                                             decode(*item, codecs[thread_of_arena()]);
                                             return item;
                                           }) &
        tbb::make_filter<Pointer, Pointer>(filter_mode::serial_in_order,
                                           [this](Pointer item) {
                                             assemble(*item);
                                             return item;
                                           }) &
        tbb::make_filter<Pointer, Pointer>(filter_mode::parallel,
                                           [&](Pointer item) {
                                             encode(*item, codecs[thread_of_arena()]);
                                             return item;
                                           }) &
        tbb::make_filter<Pointer, void>(filter_mode::serial_in_order, [this](const Pointer& item) { append(*item); });
    const std::size_t tokens = affordable(2 * options_.threads + 1, memory_of_items(options_), k_bytes_per_item);
    tbb::task_arena arena(static_cast<int>(options_.threads));
    arena.execute([&] { tbb::parallel_pipeline(tokens, chain); });
  }

  /// Serial. The next block, then one item without a pack, then nothing.
  std::shared_ptr<Item> plan() {
    if (options_.cancel != nullptr) options_.cancel->check();
    while (pack_number_ < packs_.size()) {
      if (!pack_) open_next();
      const FooterView footer(pack_->footer, FooterView::Verify::no);
      if (block_ < footer.blocks()) {
        auto item = std::make_shared<Item>();
        item->pack = pack_;
        item->pack_number = pack_number_;
        item->offset = footer.block_offset(block_++);
        item->end = block_ < footer.blocks() ? footer.block_offset(block_) : pack_->footer_offset;
        return item;
      }
      pack_.reset();
      block_ = 0;
      ++pack_number_;
    }
    return std::exchange(ended_, true) ? nullptr : std::make_shared<Item>();
  }

  void open_next() {
    const CatalogPack& pack = packs_[pack_number_];
    try {
      std::optional<PackFile> file = open_pack(repository_, pack.id);
      if (!file) throw_corrupt(fmt::format("pack {}: missing", pack.id.short_hex()));
      pack_ = std::make_shared<const PackFile>(std::move(*file));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::corrupt) damaged_ = pack;
      throw;
    }
  }

  /// Parallel.
  void decode(Item& item, Codecs& codecs) const {
    if (!item.pack) return;
    try {
      StoredBlock stored = read_stored_block(*item.pack, item.offset, item.end);
      const bool delta = !stored.header.bases.empty();
      item.decoded.emplace(decode_block(stored, codecs.decompressor, &objects_));
      find_keys(item);
      if (!delta) return;
      EncodedBlock copy;
      copy.bytes = std::move(stored.bytes);
      copy.keys = item.keys;
      copy.raw_bytes = stored.header.raw_length;
      copy.delta = true;
      item.encoded.push_back(std::move(copy));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      item.damage = error;
    }
  }

  /// Bytes that rotted under a right checksum must not come under a new one: their id is not in the footer.
  static void find_keys(Item& item) {
    const FooterView footer(item.pack->footer, FooterView::Verify::no);
    const std::vector<std::optional<ObjectId>> ids = object_ids(*item.decoded);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const ObjectKey key{item.decoded->object(i).type, ids[i].value_or(ObjectId{})};
      if (!ids[i] || !footer.find(key))
        throw_corrupt(fmt::format("pack {}: block at {}: object {} is not what the footer says", item.pack->id.short_hex(),
                                  item.offset, i));
      item.keys.push_back(key);
    }
  }

  /// Serial, in order.
  void assemble(Item& item) {
    if (item.damage) return;
    if (!item.pack) {
      assembler_.flush(item.closed);
    } else if (item.encoded.empty()) {
      for (std::size_t i = 0; i < item.keys.size(); ++i) {
        if (!seen_.insert(item.keys[i])) continue;
        if (seen_.size() > most_objects_) throw_corrupt("catalog: packs hold more objects than it says");
        assembler_.add(item.keys[i], item.decoded->bytes(i), item.closed);
      }
    } else {
      // A block with bases comes behind everything before it, its bases among them.
      assembler_.flush(item.closed);
    }
    item.decoded.reset();
  }

  /// Parallel.
  void encode(Item& item, Codecs& codecs) const {
    std::vector<EncodedBlock> fresh;
    for (RawBlock& block : item.closed) fresh.push_back(encode_block(block, codecs.compressor, options_.compression));
    item.closed.clear();
    item.encoded.insert(item.encoded.begin(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
  }

  /// Serial, in order.
  void append(Item& item) {
    if (item.damage) {
      damaged_ = packs_[item.pack_number];
      throw *item.damage;
    }
    for (const EncodedBlock& block : item.encoded) {
      if (!writer_.fits(block)) sealed_.push_back(writer_.seal());
      writer_.append(block);
    }
    if (options_.progress != nullptr) options_.progress->bytes_done.fetch_add(item.end - item.offset, std::memory_order_relaxed);
  }

  const Repository& repository_;
  const ObjectReader& objects_;
  const std::vector<CatalogPack>& packs_;
  const RepackOptions& options_;
  // plan
  std::shared_ptr<const PackFile> pack_;
  std::size_t pack_number_ = 0;
  std::size_t block_ = 0;
  bool ended_ = false;
  // assemble
  BlockAssembler assembler_;
  const std::size_t most_objects_;
  KeySet seen_;
  // append
  PackWriter writer_;
  std::vector<CatalogPack> sealed_;
  std::optional<CatalogPack> damaged_;
};

}  // namespace

std::optional<std::vector<CatalogPack>> rewrite_packs(const Repository& repository, const ObjectReader& objects,
                                                      const std::vector<CatalogPack>& packs, int session_fd,
                                                      const RepackOptions& wanted, std::optional<CatalogPack>& damaged) {
  RepackOptions options = wanted;
  // A thread without an item would only keep memory.
  options.threads = affordable(wanted.threads, memory_of_items(wanted), k_bytes_per_item);
  unlink_if_exists(repository.fs(), session_fd, k_temporary);
  Rewriter rewriter(repository, objects, packs, session_fd, options);
  try {
    return rewriter.run();
  } catch (...) {
    rewriter.clean_up();
    damaged = rewriter.damaged();
    if (!damaged) throw;
    return std::nullopt;
  }
}

}  // namespace store
