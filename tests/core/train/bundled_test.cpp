// SPDX-License-Identifier: MIT
// The model that comes with the program, measured again: what its card promises holds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/train/grammar.h"
#include "core/train/model_card.h"

using namespace orrery;
using namespace orrery::train;
using analysis::HeadScore;
namespace fs = std::filesystem;

namespace {

const std::string kFolder = ORRERY_SOURCE_DIR "/assets/models/bundled";
constexpr std::uintmax_t kMaxBytes = 4 << 20;

std::shared_ptr<models::Decoder> bundled() {
  auto decoder = models::loadDecoder(kFolder);
  EXPECT_TRUE(decoder) << (decoder ? "" : decoder.error().message());
  return decoder ? *decoder : nullptr;
}

void print(const char* what, const RepeatReport::Best& best) {
  std::printf("%s: L%lldH%lld %.3f, at least 0.5\n", what, static_cast<long long>(best.layer),
              static_cast<long long>(best.head), best.value);
}

} // namespace

TEST(Bundled, isSmall) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kFolder))
    bytes += entry.is_regular_file() ? entry.file_size() : 0;
  std::printf("%ju bytes, at most %ju\n", bytes, kMaxBytes);
  EXPECT_GT(bytes, 100000u);
  EXPECT_LE(bytes, kMaxBytes);
}

// Another seed than that of the card: the claims are about the model, not about one text.
TEST(Bundled, hasPreviousTokenAndInductionHeadsAndCopiesWhatItHasSeenOnce) {
  const auto decoder = bundled();
  ASSERT_TRUE(decoder);
  for (const std::int64_t period : {24, 100}) {
    const auto report = measureRepeats(decoder, period, 4, 20240229);
    ASSERT_TRUE(report) << report.error().message();
    std::printf("%lld random tokens, twice:\n", static_cast<long long>(period));
    print("previous-token head", report->best(HeadScore::PreviousToken));
    print("induction head", report->best(HeadScore::Induction));
    std::printf("loss %.3f in the first half (ln 766 = %.3f), %.3f in the second\n", report->firstHalfLoss,
                std::log(766.0), report->secondHalfLoss);
    EXPECT_GT(report->best(HeadScore::PreviousToken).value, 0.5);
    EXPECT_GT(report->best(HeadScore::Induction).value, 0.5);
    EXPECT_GT(report->firstHalfLoss, 5);
    EXPECT_LT(report->secondHalfLoss, 0.5 * report->firstHalfLoss);
  }
}

TEST(Bundled, copiesPhrasesAndTellsStories) {
  const auto decoder = bundled();
  ASSERT_TRUE(decoder);
  const auto tokenizer = tokenize::Tokenizer::fromFile(kFolder + "/tokenizer.json");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  Grammar grammar(77, {});
  int right = 0;
  constexpr int kPhrases = 40;
  for (int i = 0; i < kPhrases; ++i) {
    const std::string text = grammar.document(Topic::Copy), half = text.substr(0, text.rfind('|') + 1);
    const auto said = sampleText(decoder, **tokenizer, half, 6, 0.01, 1);
    ASSERT_TRUE(said) << said.error().message();
    right += said->size() > half.size() && text.starts_with(*said);
  }
  std::printf("phrases copied for 6 tokens without a fault: %d of %d, at least half\n", right, kPhrases);
  EXPECT_GE(right, kPhrases / 2);
  const auto story = sampleText(decoder, **tokenizer, "One sunny morning,", 150, 0.7, 3);
  ASSERT_TRUE(story) << story.error().message();
  std::printf("%s\n", story->c_str());
  EXPECT_GT(story->size(), 100u);
}

TEST(Bundled, keepsItsPromisesOnTheCard) {
  std::ifstream in(kFolder + "/README.md");
  const std::string card{std::istreambuf_iterator<char>(in), {}};
  for (const char* part : {"clearest previous-token head", "clearest induction head", "loss in the first half",
                           "| head | entropy / nat |", "train_spec.json"})
    EXPECT_NE(card.find(part), std::string::npos) << part;
  const auto stored = readTrainSpec(kFolder + "/train_spec.json", "");
  const auto preset = readTrainSpec("bundled", ORRERY_SOURCE_DIR "/assets/presets");
  ASSERT_TRUE(stored && preset);
  EXPECT_EQ(trainSpecJson(*stored), trainSpecJson(*preset));
}
