#include "app/manual.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/examples.h"
#include "app/exit_codes.h"
#include "app/option_text.h"

namespace store {
namespace {

/// Text for troff: what it takes for an instruction is escaped, at the beginning of a line and within.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '~')
      out += "\\(ti";
    else if (c == '^')
      out += "\\(ha";
    else
      out += c;
  }
  return out;
}

std::string heading(std::string_view name, std::string_view summary) {
  return fmt::format(".TH {} 1 \"\" \"store {}\" \"store manual\"\n.SH NAME\n{} \\- {}\n", roff(name), STORE_VERSION,
                     roff(name), roff(summary));
}

std::string synopsis(std::string_view usage) { return fmt::format(".br\n\\fBstore\\fR {}\n", roff(usage)); }

/// Paragraphs are separated by empty lines; an indented one is an example, kept as it is.
std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    const std::string_view paragraph = text.substr(0, end);
    const bool indented = paragraph.substr(0, 2) == "  ";
    out += indented ? ".PP\n.nf\n" + roff(paragraph) + "\n.fi\n" : ".PP\n" + roff(paragraph) + "\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

std::string options(const std::vector<OptionSpec>& table) {
  std::string out;
  for (const OptionSpec* option : shown_options(table))
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(option_syntax(*option)), roff(option_help(*option)));
  return out;
}

std::string examples(const CommandSpec& spec) {
  std::string out;
  for (const Example& example : examples_of(spec.word))
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(example.command), roff(example.meaning));
  return out.empty() ? out : ".SH EXAMPLES\n" + out;
}

}  // namespace

std::string manual_index() {
  std::string out = heading("store", "git for big data") + ".SH SYNOPSIS\n" + synopsis("[OPTION…] WORD …") + ".SH DESCRIPTION\n" +
                    paragraphs("Versions source trees, disk images, databases, media and build results of any size, and keeps every "
                               "version at the price of what changed.") +
                    ".SH WORDS\n";
  for (const Command& command : commands())
    if (!command.spec.hidden)
      out += fmt::format(".TP\n\\fBstore\\-{}\\fR(1)\n{}\n", roff(command.spec.word), roff(command.spec.summary));
  out += ".SH OPTIONS\nBefore or after the word; \\-\\- ends options.\n" + options(global_options()) + ".SH EXIT STATUS\n";
  for (const ExitCode& code : exit_codes())
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", code.code == k_exit_signal ? "128+N" : std::to_string(code.code),
                       roff(code.meaning));
  return out;
}

std::string manual_page(const CommandSpec& spec) {
  std::string out = heading("store-" + std::string(spec.word), spec.summary) + ".SH SYNOPSIS\n";
  for (const std::string_view usage : spec.usage) out += synopsis(usage);
  if (!spec.description.empty()) out += ".SH DESCRIPTION\n" + paragraphs(spec.description);
  if (!shown_options(spec.options).empty()) out += ".SH OPTIONS\n" + options(spec.options);
  return out + examples(spec) + ".SH SEE ALSO\n\\fBstore\\fR(1) for the options of every word and the exit codes\n";
}

}  // namespace store
