// SPDX-License-Identifier: MIT
// A seeded generator of text to train small models on: short stories with recurring names, key-value look-ups,
// bracket matching, copying (also of words that mean nothing), small sums. The same seed gives the same bytes on
// every machine. Not thread-safe; cheap to make.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace orrery::train {

enum class Topic { Story, LookUp, Brackets, Copy, Sum };
inline constexpr int kTopics = 5;

// How often each kind of document comes up, relative to the others. All 0: stories only.
struct GrammarMix {
  double story = 0.5, lookUp = 0.12, brackets = 0.06, copy = 0.24, sum = 0.08;
};

// The forms of the documents, one line each ending in "\n":
//   Story     several sentences, then "The end."
//   LookUp    "zuka = 31, mori = 7, pel = 52\nmori? 7\nzuka? 31\n"
//   Brackets  "( [ ] { ( ) } )\n", balanced, depth at most 6
//   Copy      "Say: lo mika ra | lo mika ra | lo mika ra\n"
//   Sum       "3 + 4 = 7\n"
class Grammar {
public:
  explicit Grammar(std::uint64_t seed, GrammarMix mix = {}) : m_random(seed), m_mix(mix) {}

  std::string next(); // one document, its kind drawn from the mix
  std::string document(Topic topic);

private:
  std::string lookUp();
  std::string brackets();
  std::string copy();
  std::string sums();

  Random m_random;
  GrammarMix m_mix;
};

// Documents until at least `bytes` bytes are there.
std::vector<std::string> makeCorpus(std::uint64_t seed, const GrammarMix& mix, std::size_t bytes);

// One story, and a word of one to three syllables such as "zuka". In story.cpp and grammar.cpp.
std::string makeStory(Random& random);
std::string makeWord(Random& random);

} // namespace orrery::train
