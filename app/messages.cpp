#include "app/messages.h"

#include <algorithm>

#include "app/text_fill.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::size_t k_shown_paths = 20;  // in the way; JSON has all of them

std::string joined(const std::vector<std::string>& lines, std::string_view line_end) {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out += "\n";
    out += line;
    out += line_end;
  }
  return out;
}

}  // namespace

void Messages::set_quiet(bool quiet) {
  const MutexLock lock(mutex_);
  quiet_ = quiet;
}

void Messages::set_color(bool color) {
  const MutexLock lock(mutex_);
  color_ = color;
}

void Messages::set_window(std::function<std::size_t()> columns) {
  const MutexLock lock(mutex_);
  window_ = std::move(columns);
}

// The cursor stands at the end of the last live line: nothing has to be restored when the process dies here.
std::string Messages::to_first_live() const {
  std::size_t rows = 0;
  for (const std::string& line : live_) rows += std::max<std::size_t>(1, (line.size() + columns_ - 1) / columns_);
  return rows > 1 ? "\r\x1b[" + std::to_string(rows - 1) + "A" : rows == 1 ? "\r" : "";
}

std::string Messages::erase_live() const { return live_.empty() ? "" : to_first_live() + "\x1b[J"; }

void Messages::print(std::string_view label, std::string_view color, std::string_view text) {
  std::string out = erase_live();
  if (color_ && !color.empty()) {
    out += "\x1b[" + std::string(color) + "m" + std::string(label) + "\x1b[0m";
  } else {
    out += label;
  }
  out += text;
  out += "\n" + joined(live_, "\x1b[K");
  err_.write(out);
  err_.flush();
}

void Messages::tell(std::string_view label, std::string_view color, std::string_view text) {
  const std::string whole = std::string(label.size(), '.') + std::string(text);  // no line ends behind the label
  print(label, color, window_ ? fold(whole, window_()).substr(label.size()) : std::string(text));
}

void Messages::warning(const Warning& warning) {
  const MutexLock lock(mutex_);
  tell("warning: ", "33", escape_name(warning.message));
  warnings_.push_back(warning);
}

void Messages::note(std::string_view text) {
  const MutexLock lock(mutex_);
  if (!quiet_) tell("", "", escape_name(text));
}

void Messages::line(std::string_view text) {
  const MutexLock lock(mutex_);
  print("", "", text);
}

void Messages::error(const Error& error) {
  const MutexLock lock(mutex_);
  tell("error: ", "31", escape_name(error.message()));
  const std::vector<std::string>& paths = error.paths();
  for (std::size_t i = 0; i < paths.size() && i < k_shown_paths; ++i) print("  ", "", escape_name(paths[i]));
  if (paths.size() > k_shown_paths) print("  … and ", "", std::to_string(paths.size() - k_shown_paths) + " more");
  if (!error.hint().empty()) {
    print("try: ", "36", escape_name(error.hint()));
  } else if (!error.candidates().empty()) {
    std::string names;
    for (const std::string& name : error.candidates()) names += (names.empty() ? "" : ", ") + escape_name(name);
    print("nearest: ", "36", names);
  }
}

void Messages::show_live(const std::vector<std::string>& lines, std::size_t columns) {
  const MutexLock lock(mutex_);
  const bool resized = columns != columns_;
  columns_ = std::max<std::size_t>(1, columns);
  // What stands there is overwritten, which does not flicker; but what a terminal has wrapped must go, or it joins the lines later.
  const std::string out = (resized ? erase_live() : to_first_live()) + joined(lines, "\x1b[K") + "\x1b[J";
  live_ = lines;
  err_.write(out);
  err_.flush();
}

void Messages::end_live() {
  const MutexLock lock(mutex_);
  if (live_.empty()) return;
  err_.write(erase_live());
  live_.clear();
  err_.flush();
}

void Messages::forget_live() {
  const MutexLock lock(mutex_);
  if (live_.empty()) return;
  live_.clear();
  err_.write("\r");
  err_.flush();
}

std::vector<Warning> Messages::warnings() const {
  const MutexLock lock(mutex_);
  return warnings_;
}

}  // namespace store
