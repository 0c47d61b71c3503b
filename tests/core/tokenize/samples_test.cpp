// SPDX-License-Identifier: MIT
// Ids and decoded texts against samples that the Hugging Face library `tokenizers` 0.23.3 wrote.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/json.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

struct Tally {
  int samples = 0, wrong = 0;
};

void checkSample(const Tokenizer& tokenizer, const Json& sample, Tally& tally) {
  const auto text = sample.at("text").get<std::string>();
  const auto plain = sample.at("ids_no_special").get<Ids>();
  const bool same = tokenizer.encode(text, true) == sample.at("ids").get<Ids>() &&
                    tokenizer.encode(text, false) == plain &&
                    tokenizer.decode(plain, false) == sample.at("decoded").get<std::string>() &&
                    tokenizer.decode(plain, true) == sample.at("decoded_skip_special").get<std::string>();
  ++tally.samples;
  if (same) return;
  ++tally.wrong;
  ADD_FAILURE() << "text " << Json(text).dump().substr(0, 200) << "\n  expected ids " << Json(plain).dump()
                << "\n  found        " << Json(tokenizer.encode(text, false)).dump();
}

Tally checkFile(const fs::path& tokenizerFile, const fs::path& samplesFile) {
  Tally tally;
  const auto tokenizer = Tokenizer::fromFile(tokenizerFile);
  const auto samples = readJsonFile(samplesFile);
  EXPECT_TRUE(tokenizer.ok()) << (tokenizer ? "" : tokenizer.error().message());
  EXPECT_TRUE(samples.ok()) << (samples ? "" : samples.error().message());
  if (!tokenizer || !samples) return tally;
  for (const Json& sample : *samples) checkSample(**tokenizer, sample, tally);
  std::cout << tokenizerFile.filename().string() << ": " << (*tokenizer)->kind() << ", " << tally.samples
            << " samples, " << tally.wrong << " differ (tolerance 0)\n";
  return tally;
}

TEST(TokenizerSamples, SmallOnesInTheRepository) {
  const fs::path folder = ORRERY_SOURCE_DIR "/tests/core/tokenize/data";
  int samples = 0;
  for (const char* name : {"byte_level", "regex_split", "metaspace", "normalizers", "byte_fallback", "word_suffix"})
    samples +=
        checkFile(folder / (std::string(name) + ".json"), folder / (std::string(name) + ".samples.json")).samples;
  EXPECT_GE(samples, 120);
}

TEST(TokenizerSamples, ReferenceData) {
  const fs::path folder = ORRERY_SOURCE_DIR "/../shared/oracles/tokenizers";
  if (!fs::exists(folder)) GTEST_SKIP() << "runs where ../shared/oracles/tokenizers lies beside the project";
  int samples = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::exists(entry.path() / "tokenizer.json") && fs::exists(entry.path() / "samples.json"))
      samples += checkFile(entry.path() / "tokenizer.json", entry.path() / "samples.json").samples;
  EXPECT_GT(samples, 0);
}

} // namespace
} // namespace orrery::tokenize
