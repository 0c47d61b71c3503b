// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <string_view>

#include "views/built_in.h"

namespace orrery::views {
namespace {

// "head 3 5": the word and up to two numbers >= 0. count is -1 if anything else stands there.
struct Words {
  std::string_view word;
  std::array<std::int64_t, 2> numbers{};
  int count = 0;
};

Words wordsOf(std::string_view action) {
  Words words;
  std::size_t space = action.find(' ');
  words.word = action.substr(0, space);
  while (space != std::string_view::npos) {
    action.remove_prefix(space + 1);
    space = action.find(' ');
    const std::string_view text = action.substr(0, space);
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() && value >= 0;
    if (!good || words.count == 2) return {words.word, {}, -1};
    words.numbers[static_cast<std::size_t>(words.count++)] = value;
  }
  return words;
}

// "3 NAME", or "- NAME" for a tensor of no layer.
Selection tensorOf(std::string_view words, const Selection& current) {
  Selection selection = current;
  const std::size_t space = words.find(' ');
  if (space == std::string_view::npos) return current;
  std::int64_t layer = 0;
  const auto [end, error] = std::from_chars(words.data(), words.data() + space, layer);
  if (error == std::errc() && end == words.data() + space && layer >= 0) selection.layer = layer;
  selection.tensor = words.substr(space + 1);
  return selection;
}

} // namespace

Selection selectionOf(const std::string& action, const Selection& current) {
  if (action.starts_with("tensor ")) return tensorOf(std::string_view(action).substr(7), current);
  const Words words = wordsOf(action);
  Selection selection = current;
  if (words.word == "head" && words.count == 2) {
    selection.layer = words.numbers[0];
    selection.head = words.numbers[1];
  } else if (words.word == "cell" && words.count == 2) {
    selection.query = words.numbers[0];
    selection.key = words.numbers[1];
  } else if ((words.word == "token" || words.word == "query") && words.count == 1) {
    selection.query = words.numbers[0];
    if (selection.key > selection.query) selection.key = kNone; // masked for this query
  } else if (words.word == "key" && words.count == 1) {
    selection.key = words.numbers[0];
  } else if (words.word == "channel" && words.count == 1) {
    selection.channel = words.numbers[0];
  }
  return selection;
}

std::int64_t tokenOf(const std::string& action) {
  const Words words = wordsOf(action);
  if (words.word == "cell" && words.count == 2) return words.numbers[1];
  if ((words.word == "token" || words.word == "key") && words.count == 1) return words.numbers[0];
  return kNone;
}

} // namespace orrery::views
