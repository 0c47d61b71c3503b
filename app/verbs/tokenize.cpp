// SPDX-License-Identifier: MIT
// orrery tokenize CHECKPOINT --text S | --file F | --decode 1,2,3
#include <iostream>
#include <memory>

#include "app/verbs/verbs.h"
#include "core/base/file.h"
#include "core/session/checkpoint.h"
#include "core/tokenize/display.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::app {
namespace {

struct Options {
  std::string checkpoint, text, file;
  std::vector<std::int32_t> decode;
  bool noSpecial = false;
  CLI::App* verb = nullptr;
};

Result<std::string> inputText(const Options& options) {
  if (options.file.empty()) return options.text;
  return readFile(options.file, std::size_t{1} << 30);
}

Status printIds(const tokenize::Tokenizer& tokenizer, const Options& options, bool json) {
  auto text = inputText(options);
  if (!text) return text.error();
  const std::vector<std::int32_t> ids = tokenizer.encode(*text, !options.noSpecial);
  OrderedJson pieces = OrderedJson::array();
  for (std::int32_t id : ids) pieces.push_back(tokenizer.pieceText(id));
  if (json) {
    printJson({{"ids", ids}, {"pieces", pieces}});
    return Done{};
  }
  for (std::int32_t id : ids) std::cout << id << '\t' << tokenize::displayText(tokenizer.pieceText(id)) << '\n';
  return Done{};
}

Status run(const Options& options, const Common& common) {
  auto tokenizer = session::openTokenizer(options.checkpoint);
  if (!tokenizer) return tokenizer.error();
  if (options.verb->count("--decode") == 0) return printIds(**tokenizer, options, common.json);
  for (std::int32_t id : options.decode)
    if (id < 0 || static_cast<std::size_t>(id) >= (*tokenizer)->vocabSize())
      return badInput("token id " + std::to_string(id) + " is outside the vocabulary of " +
                          std::to_string((*tokenizer)->vocabSize()) + " entries",
                      options.checkpoint);
  const std::string text = (*tokenizer)->decode(options.decode, options.noSpecial);
  if (common.json)
    printJson({{"text", text}});
  else
    std::cout << text << '\n';
  return Done{};
}

} // namespace

void declareTokenize(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("tokenize", "Token ids of a text, or the text of ids",
                             [options, &line] { return run(*options, line.common); });
  options->verb = verb;
  verb->add_option("CHECKPOINT", options->checkpoint, "Folder with tokenizer.json, or that file")->required();
  auto* text = verb->add_option("--text", options->text, "The text");
  auto* file = verb->add_option("--file", options->file, "A file whose bytes are the text")->excludes(text);
  verb->add_option("--decode", options->decode, "Ids to turn into text")
      ->delimiter(',')
      ->excludes(text)
      ->excludes(file);
  verb->add_flag("--no-special", options->noSpecial, "Add no special tokens; with --decode: leave them out");
}

} // namespace orrery::app
