#include "app/context.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>

#include "app/identity.h"
#include "app/ingest_output.h"
#include "app/quote.h"
#include "app/text_fill.h"
#include "base/shell_quote.h"
#include "base/system_info.h"
#include "base/text.h"
#include "ops/told_settings.h"

namespace store {
namespace {

constexpr int k_stderr = 2;

std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr), &std::free);
  if (!resolved) return std::nullopt;
  return std::string(resolved.get());
}

[[noreturn]] void throw_gone() { throw Error(ErrorKind::not_found, "the current directory is gone", "cd /"); }

std::string directory_after(std::string cwd, const std::vector<std::string>& changes) {
  for (const std::string& change : changes) {
    if (cwd.empty() && !change.starts_with('/')) throw_gone();
    const auto path = real_path(absolute_path(cwd, change));
    struct stat info{};
    if (!path || stat(path->c_str(), &info) != 0)
      throw Error(ErrorKind::not_found, "-C: " + escape_name(change) + ": no such directory");
    if (!S_ISDIR(info.st_mode)) throw Error(ErrorKind::not_found, "-C: " + escape_name(change) + ": is no directory");
    cwd = *path;
  }
  return cwd;
}

std::optional<std::int64_t> source_date_epoch(const Console& console) {
  const auto text = console.variable("SOURCE_DATE_EPOCH");
  if (!text) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (failure != std::errc() || end != text->data() + text->size() || seconds < 0)
    throw Error(ErrorKind::usage, "SOURCE_DATE_EPOCH: '" + escape_name(*text) + "' is no number of seconds");
  return seconds;
}

/// Users whose repositories are trusted: this one, and under sudo the one who asked.
std::vector<unsigned> allowed_uids(const Console& console) {
  std::vector<unsigned> uids{static_cast<unsigned>(geteuid())};
  const auto sudo = console.variable("SUDO_UID");
  unsigned uid = 0;
  if (geteuid() == 0 && sudo && std::from_chars(sudo->data(), sudo->data() + sudo->size(), uid).ec == std::errc())
    uids.push_back(uid);
  return uids;
}

std::string joined_command(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_quoted(word);
  return line;
}

std::string read_stream_text(int fd, const std::string& name) {
  std::string text;
  std::array<std::byte, 65536> buffer;
  while (const std::size_t got = read_full(fd, buffer, name)) text += as_text(ByteView(buffer).first(got));
  return text;
}

}  // namespace

std::vector<std::string> split_names(const std::string& text, char separator) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

Context::Context(Console& console, Messages& messages, Setup setup)
    : console_(console),
      messages_(messages),
      setup_(std::move(setup)),
      cwd_(directory_after(console.cwd, setup_.arguments.all("C"))),
      now_(std::time(nullptr)) {
  messages_.set_quiet(quiet());
}

Context::~Context() = default;

const std::string& Context::cwd() const {
  if (cwd_.empty()) throw_gone();
  return cwd_;
}

std::optional<std::size_t> Context::window_columns() const {
  return draws() ? std::optional(terminal_columns(STDOUT_FILENO)) : std::nullopt;
}

void Context::say(std::string_view text) {
  const std::optional<std::size_t> window = window_columns();
  out().write(window ? fold(text, *window) : std::string(text));
}

std::size_t Context::prose_columns() const { return std::min(window_columns().value_or(k_prose_off_terminal), k_widest_prose); }

std::size_t Context::bar_columns(std::size_t used) const {
  constexpr std::size_t k_shortest = 5;
  constexpr std::size_t k_longest = 40;
  const std::size_t columns = console_.out_is_terminal ? terminal_columns(STDOUT_FILENO) : 80;
  const std::size_t left = columns - std::min(columns, used);
  return left < k_shortest ? 0 : std::min(left, k_longest);
}

bool Context::on_terminal(bool terminal) const { return terminal && console_.variable("TERM").value_or("") != "dumb"; }

bool Context::color() const {
  const ColorMode mode = config_ ? config_->settings().ui.color : ColorMode::automatic;
  if (mode != ColorMode::automatic) return mode == ColorMode::always;
  return on_terminal(console_.out_is_terminal) && !console_.variable("NO_COLOR");
}

JsonWriter& Context::begin_result() {
  setup_.json->key("result").begin_object();
  return *setup_.json;
}

JsonWriter& Context::begin_result_list() {
  setup_.json->key("result").begin_array();
  return *setup_.json;
}

void Context::use_pager() {
  if (json() || pager_ || !console_.out_is_terminal || arguments().has("no-pager")) return;
  std::string command = "less -FRX";
  if (const auto pager = console_.variable("STORE_PAGER")) {
    command = *pager;
  } else if (settings().ui.pager) {
    command = *settings().ui.pager;
  } else if (const auto any = console_.variable("PAGER")) {
    command = *any;
  }
  if (command == "cat") return;
  pager_ = std::make_unique<Pager>(command, console_.environment);
}

std::optional<std::string> Context::explicit_repository() const {
  auto named = arguments().last("repo");
  if (!named) named = console_.variable("STORE_DIR");
  if (!named) return std::nullopt;
  const std::string path = absolute_path(cwd(), *named);
  return real_path(path).value_or(path);
}

FoundRepository Context::find() const {
  const auto named = explicit_repository();
  std::vector<std::string> safe;
  // Only the user's own layers may say which repositories are safe: they do not depend on any repository.
  if (!named) safe = Config(config_sources(console_, arguments(), std::nullopt)).settings().safe.directory;
  return find_repository(cwd(), named, safe, allowed_uids(console_));
}

std::optional<FoundRepository> Context::repository() {
  if (found_) return found_;
  try {
    found_ = find();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::no_repository) throw;
  }
  return found_;
}

const Config& Context::config() {
  if (config_) return *config_;
  const auto found = repository();
  config_ = std::make_unique<Config>(
      config_sources(console_, arguments(), found ? std::optional(found->path) : std::nullopt));
  for (const ConfigWarning& warning : config_->warnings()) messages_.warning({warning.kind, warning.message});
  messages_.set_color(config_->settings().ui.color == ColorMode::always ||
                      (config_->settings().ui.color == ColorMode::automatic && on_terminal(console_.err_is_terminal) &&
                       !console_.variable("NO_COLOR")));
  return *config_;
}

void Context::warn_of_changed_ids(Remember remember) {
  const auto warning = config().ids_warning();
  if (!warning) return;
  std::string settings;
  for (const ConfigValue& value : config().changed_ids()) settings += value.key + " = " + value.value + "\n";
  if (remember == Remember::no || tell_once(workspace(), settings)) messages_.warning({warning->kind, warning->message});
}

Environment Context::environment() {
  Environment env;
  env.cancel = console_.cancel;
  env.progress = &progress_;
  env.warn = [this](Warning warning) { messages_.warning(warning); };
  env.on_wait = [this](const std::string& holder) { messages_.note("waiting for " + holder); };
  env.command = joined_command(setup_.command_line);
  env.default_identity = login_identity();
  env.now_seconds = now_;
  const std::vector<OptionSpec>& options = setup_.spec.options;
  const bool takes_date = std::any_of(options.begin(), options.end(), [](const OptionSpec& one) { return one.name == "date"; });
  if (setup_.spec.makes_commits && !(takes_date && arguments().has("date"))) env.source_date_epoch = source_date_epoch(console_);
  env.lock_timeout_ms = arguments().duration_ms("lock-timeout").value_or(env.lock_timeout_ms);
  env.root = geteuid() == 0;
  if (const auto folder = readable_user_folder(console_)) env.user_ignore_file = *folder + "/ignore";
  return env;
}

Workspace& Context::workspace() {
  if (workspace_) return *workspace_;
  if (!found_) found_ = find();
  Environment env = environment();
  workspace_ = std::make_unique<Workspace>(std::move(env), settings(), found_->path);
  return *workspace_;
}

PathArguments Context::path_arguments() {
  const Workspace& open = workspace();
  PathArguments paths(open.has_worktree() ? open.worktree_path() : std::string(), cwd(), explicit_repository().has_value());
  const std::string literal = console_.variable("STORE_LITERAL_PATHSPECS").value_or("0");
  if (literal == "1" || literal == "true") paths.take_literally();
  return paths;
}

ProgressStyle Context::progress_style() {
  switch (settings().ui.progress) {
    case ProgressMode::bar: return ProgressStyle::bar;
    case ProgressMode::plain: return ProgressStyle::plain;
    case ProgressMode::json: return ProgressStyle::json;
    case ProgressMode::none: return ProgressStyle::none;
    case ProgressMode::automatic: break;
  }
  if (quiet()) return ProgressStyle::none;
  const bool terminal = on_terminal(console_.err_is_terminal) && !console_.variable("CI");
  return terminal ? ProgressStyle::bar : ProgressStyle::plain;
}

void Context::show_progress(std::vector<StageShare> plan) {
  const ProgressStyle style = progress_style();
  progress_.totals_wanted = style == ProgressStyle::bar || style == ProgressStyle::json;
  view_ = std::make_unique<ProgressView>(
      progress_, messages_,
      ProgressViewOptions{.style = style,
                          .interval_ms = settings().ui.progress_interval_ms,
                          .plan = std::move(plan),
                          .columns = [] { return terminal_columns(k_stderr); },
                          .line_requests = console_.line_requests,
                          .jobs = console_.jobs});
}

void Context::end_progress() {
  if (!view_) return;
  view_->complete();
  reports_ = view_->reports();
  view_.reset();
}

void Context::print_perf() {
  for (const ProgressView::StageReport& report : reports_)
    messages_.line(fmt::format("perf: {:<7} {:>9.3f} s  {} files, {} bytes, {} chunks, {} new", name_of(report.state.stage),
                               report.seconds, report.state.files_done, report.state.bytes_done,
                               report.state.chunks_done, report.state.new_chunks));
  for (std::size_t step = 0; step < k_ingest_steps.size(); ++step)
    if (const std::uint64_t ns = progress_.ingest_ns[step]; ns != 0)
      messages_.line(fmt::format("perf:   {:<8} {:>6.3f} s of all threads", k_ingest_steps[step], static_cast<double>(ns) / 1e9));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  messages_.line(fmt::format("perf: user {:.3f} s, system {:.3f} s, peak memory {} bytes", seconds(usage.ru_utime),
                             seconds(usage.ru_stime), peak_memory_bytes()));
}

void Context::enter_stage(Stage stage, std::optional<std::uint64_t> bytes_total) {
  progress_.enter(stage);
  if (bytes_total) progress_.bytes_total = *bytes_total;
}

void Context::report_failed(const std::vector<PathFailure>& failed, std::string_view otherwise) {
  if (failed.empty()) return;
  for (const PathFailure& failure : failed) {
    messages_.line("error: " + escape_name(failure.path) + ": " + escape_name(message_alone(failure)));
  }
  fail(Error(ErrorKind::partial, fmt::format("{} failed; {}", counted(failed.size(), "path"), otherwise)));
}

std::string Context::read_input(const std::string& option, const std::string& name) {
  if (name != "-") {
    // Read as a stream: it may be a pipe, as in --files-from <(find …).
    const auto file = open_if_exists(AT_FDCWD, absolute_path(cwd(), name), 0);
    if (!file) throw Error(ErrorKind::not_found, option + ": " + escape_name(name) + ": no such file");
    return read_stream_text(file->get(), escape_name(name));
  }
  claim_stdin(option);
  return read_stream_text(console_.stdin_fd, "standard input");
}

void Context::claim_stdin(const std::string& option) {
  if (!stdin_reader_.empty())
    throw Error(ErrorKind::usage, option + ": standard input is already read by " + stdin_reader_);
  stdin_reader_ = option;
}

void Context::finish() {
  end_progress();
  if (pager_) pager_->finish();
}

}  // namespace store
