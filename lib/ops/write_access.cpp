#include "ops/write_access.h"

#include "base/error.h"
#include "ops/checkout_left_behind.h"
#include "ops/pack_blocks.h"
#include "pipeline/resume.h"
#include "repo/directory.h"
#include "repo/pack_writer.h"

namespace store {
namespace {

/// Caches are written without a lock. A live writer whose temporary goes does without, too.
void remove_leftovers_of_caches(const Repository& repository) {
  for (const std::string& name : list_directory(repository.fd(), "."))
    for (const char* cache : {layout::k_hashes, layout::k_listings, layout::k_told})
      if (name.starts_with(std::string(cache) + ".tmp.")) unlink_if_exists(repository.fs(), repository.fd(), name);
}

}  // namespace

std::vector<DeadSession> adopt_interrupted(Workspace& workspace) {
  const Repository& repository = workspace.repository();
  std::vector<DeadSession> usable;
  std::vector<DeadSession> dead = adopt_dead_sessions(repository);
  if (!dead.empty()) adopt_unnamed_packs(repository, workspace.lock_wait());
  for (DeadSession& session : dead) {
    const std::optional<CatalogPack> pack = salvage_pack(repository, session.directory.get());
    if (pack) append_catalog(repository, {AddPacks{{*pack}}}, workspace.lock_wait());
    if (is_add_session(session)) usable.push_back(std::move(session));
  }
  return usable;
}

void forget_interrupted(const Repository& repository, std::vector<DeadSession> sessions) {
  try {
    for (DeadSession& session : sessions) remove_session(repository, std::move(session));
  } catch (const std::exception&) {
    // What stays of a session is adopted and removed by the next writer.
  }
}

WriteAccess::WriteAccess(Workspace& workspace, Writes writes)
    : repository_(workspace.repository()),
      session_(Session::open(repository_, workspace.env().command, workspace.lock_wait())),
      index_lock_(writes == Writes::yes
                      ? repository_.locks().acquire(LockName::index, LockMode::exclusive, workspace.lock_wait())
                      : Lock()),
      adopted_(writes == Writes::yes ? adopt_interrupted(workspace) : std::vector<DeadSession>()),
      index_(repository_.fs(), repository_.fd()) {
  if (writes == Writes::no) return;
  remove_leftovers_of_caches(repository_);
  record_left_behind(workspace, session_);
}

void WriteAccess::finish() {
  try {
    session_.remove();
    for (DeadSession& session : adopted_) remove_session(repository_, std::move(session));
  } catch (const std::exception&) {
    // The work is done; what stays of a session is adopted and removed by the next writer.
  }
  adopted_.clear();
}

PackContent pack_content(const Repository& repository, const ObjectId& pack) {
  PackContent content;
  const std::optional<PackFile> file = open_pack(repository, pack);
  if (!file) return content;
  each_block(*file, [&](const PackBlock& block) {
    for (const BlockObject& object : block.header.objects) {
      if (object.type != ObjectType::chunk) continue;
      ++content.chunks;
      content.raw_bytes += object.length;
    }
  });
  return content;
}

}  // namespace store
