// SPDX-License-Identifier: MIT
#include "core/train/grammar.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace orrery::train {

namespace {

constexpr std::array<std::string_view, 16> kHeads = {"b", "d", "f", "g",  "h",  "k", "l", "m",
                                                     "n", "p", "r", "sh", "st", "t", "v", "z"};
constexpr std::array<std::string_view, 8> kCores = {"a", "e", "i", "o", "u", "ai", "ee", "ou"};
constexpr std::array<std::string_view, 6> kTails = {"", "", "", "n", "r", "x"};

constexpr int kMaxDepth = 6;
constexpr std::string_view kOpen = "([{", kClose = ")]}";

std::vector<std::string> differentWords(Random& random, int count) {
  std::vector<std::string> words;
  while (static_cast<int>(words.size()) < count) {
    std::string word = makeWord(random);
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
  }
  return words;
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

} // namespace

std::string makeWord(Random& random) {
  std::string word;
  for (int syllable = random.between(1, 3); syllable > 0; --syllable) {
    word += random.pick(kHeads);
    word += random.pick(kCores);
  }
  word += random.pick(kTails);
  return word;
}

std::string Grammar::lookUp() {
  const int count = m_random.between(3, 9);
  const std::vector<std::string> keys = differentWords(m_random, count);
  const bool numbers = m_random.chance(0.5);
  std::vector<std::string> values, pairs;
  for (const std::string& key : keys) {
    values.push_back(numbers ? std::to_string(m_random.between(1, 99)) : makeWord(m_random));
    pairs.push_back(key + " = " + values.back());
  }
  std::string text = join(pairs, ", ") + "\n";
  for (int question = m_random.between(3, 8); question > 0; --question) {
    const std::size_t asked = m_random.below(keys.size());
    text += keys[asked] + "? " + values[asked] + "\n";
  }
  return text;
}

std::string Grammar::brackets() {
  std::string text;
  for (int line = m_random.between(1, 5); line > 0; --line) {
    std::string stack;
    for (int left = m_random.between(2, 12); left > 0 || !stack.empty();) {
      const bool open = left > 0 && stack.size() < kMaxDepth && (stack.empty() || m_random.chance(0.55));
      const std::size_t kind = open ? m_random.below(kOpen.size()) : kOpen.find(stack.back());
      text += open ? kOpen[kind] : kClose[kind];
      if (open) {
        stack += kOpen[kind];
        --left;
      } else {
        stack.pop_back();
      }
      text += left > 0 || !stack.empty() ? ' ' : '\n';
    }
  }
  return text;
}

std::string Grammar::copy() {
  std::vector<std::string> words;
  for (int count = m_random.between(3, 24); count > 0; --count) words.push_back(makeWord(m_random));
  const std::string phrase = join(words, " ");
  std::string text = "Say: " + phrase;
  for (int again = m_random.between(1, 3); again > 0; --again) text += " | " + phrase;
  return text + "\n";
}

std::string Grammar::sums() {
  std::string text;
  for (int line = m_random.between(3, 10); line > 0; --line) {
    const int a = m_random.between(0, 12), b = m_random.between(0, 12);
    if (m_random.chance(0.3))
      text += std::to_string(a + b) + " - " + std::to_string(b) + " = " + std::to_string(a) + "\n";
    else
      text += std::to_string(a) + " + " + std::to_string(b) + " = " + std::to_string(a + b) + "\n";
  }
  return text;
}

std::string Grammar::document(Topic topic) {
  switch (topic) {
  case Topic::LookUp:
    return lookUp();
  case Topic::Brackets:
    return brackets();
  case Topic::Copy:
    return copy();
  case Topic::Sum:
    return sums();
  case Topic::Story:
    break;
  }
  return makeStory(m_random);
}

std::string Grammar::next() {
  const std::array<double, kTopics> weights = {m_mix.story, m_mix.lookUp, m_mix.brackets, m_mix.copy, m_mix.sum};
  double total = 0;
  for (double weight : weights) total += weight;
  double left = m_random.uniform() * total;
  for (int topic = 0; topic < kTopics; ++topic) {
    left -= weights[static_cast<std::size_t>(topic)];
    if (left < 0) return document(static_cast<Topic>(topic));
  }
  return document(Topic::Story);
}

std::vector<std::string> makeCorpus(std::uint64_t seed, const GrammarMix& mix, std::size_t bytes) {
  Grammar grammar(seed, mix);
  std::vector<std::string> documents;
  for (std::size_t made = 0; made < bytes; made += documents.back().size()) documents.push_back(grammar.next());
  return documents;
}

} // namespace orrery::train
