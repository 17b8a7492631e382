#include "app/option_text.h"

namespace store {

std::string option_syntax(const OptionSpec& option) {
  std::string text = option.letter != 0 ? std::string{'-', option.letter} : "";
  if (!option.name.empty()) text += (text.empty() ? "--" : ", --") + std::string(option.name);
  if (option.takes_value()) {
    const std::string value = option.implied.empty() ? " " + std::string(option.argument)
                                                     : "[=" + std::string(option.argument) + "]";
    text += value;
  }
  return text;
}

std::string option_help(const OptionSpec& option) {
  std::string text(option.help);
  std::string choices;
  for (const std::string_view choice : option.choices) choices += (choices.empty() ? "" : ", ") + std::string(choice);
  return choices.empty() ? text : text + ": " + choices;
}

std::vector<const OptionSpec*> shown_options(const std::vector<OptionSpec>& options) {
  std::vector<const OptionSpec*> out;
  for (const OptionSpec& option : options)
    if (option.state == OptionSpec::State::shown) out.push_back(&option);
  return out;
}

}  // namespace store
