#include "app/log_graph.h"

#include <algorithm>

namespace store {
namespace {

/// A lane takes two columns: its own, and the gap to its right in which lines slant.
std::string blank_row(std::size_t lanes) { return std::string(lanes * 2, ' '); }

std::string trimmed(std::string row) {
  row.resize(row.find_last_not_of(' ') + 1);
  return row;
}

}  // namespace

std::string LogGraph::lanes_text() const {
  std::string text;
  for (std::size_t i = 0; i < lanes_.size(); ++i) text += "| ";
  return text;
}

LogGraph::Rows LogGraph::add(const ObjectId& id, const std::vector<ObjectId>& parents) {
  const auto found = std::find(lanes_.begin(), lanes_.end(), id);
  const auto lane = static_cast<std::size_t>(found - lanes_.begin());
  if (found == lanes_.end()) lanes_.push_back(id);
  Rows rows;
  rows.commit = lanes_text();
  rows.rest = rows.commit;
  rows.commit[2 * lane] = '*';
  if (parents.empty()) {
    rows.rest[2 * lane] = ' ';
    close_lane(lane, rows);
  } else {
    open_lanes(lane, parents, rows);
  }
  join_equal_lanes(rows);
  return rows;
}

/// A root commit: the lanes to the right move in.
void LogGraph::close_lane(std::size_t lane, Rows& rows) {
  std::string row = blank_row(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (i < lane) row[2 * i] = '|';
    if (i > lane) row[2 * i - 1] = '/';
  }
  if (lane + 1 < lanes_.size()) rows.joints.push_back(trimmed(row));
  lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(lane));
}

/// The first parent goes on in the commit's lane, others get lanes of their own beside it.
void LogGraph::open_lanes(std::size_t lane, const std::vector<ObjectId>& parents, Rows& rows) {
  lanes_[lane] = parents.front();
  for (std::size_t extra = 1; extra < parents.size(); ++extra) {
    const std::size_t place = lane + extra;
    std::string row = blank_row(lanes_.size() + 1);
    for (std::size_t i = 0; i < lanes_.size(); ++i) row[i < place ? 2 * i : 2 * i + 1] = i < place ? '|' : '\\';
    row[2 * place - 1] = '\\';
    rows.joints.push_back(trimmed(row));
    lanes_.insert(lanes_.begin() + static_cast<std::ptrdiff_t>(place), parents[extra]);
  }
}

/// Lanes that wait for the same commit become one: the right one runs into the left one.
void LogGraph::join_equal_lanes(Rows& rows) {
  for (std::size_t right = 1; right < lanes_.size();) {
    const auto left = static_cast<std::size_t>(std::find(lanes_.begin(), lanes_.end(), lanes_[right]) - lanes_.begin());
    if (left == right) {
      ++right;
      continue;
    }
    std::string row = blank_row(lanes_.size());
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (i < right) row[2 * i] = '|';
      if (i >= right) row[2 * i - 1] = '/';
    }
    for (std::size_t i = left; i + 1 < right; ++i) row[2 * i + 1] = '_';
    rows.joints.push_back(trimmed(row));
    lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(right));
  }
}

}  // namespace store
