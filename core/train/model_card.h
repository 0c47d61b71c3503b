// SPDX-License-Identifier: MIT
// What a trained model can do, measured, and the card that says so.
#pragma once
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/analysis/head_scores.h"
#include "core/base/result.h"
#include "core/models/decoder.h"
#include "core/tokenize/tokenizer.h"
#include "core/train/spec.h"
#include "core/train/trainer.h"

namespace orrery::train {

// On <|begin|> and `period` random tokens, twice; means over `sequences` such texts.
struct RepeatReport {
  std::int64_t period = 0, sequences = 0;
  std::vector<std::vector<analysis::HeadScores>> heads; // [L][H]
  double firstHalfLoss = 0;                             // nat per token; random tokens cost ln(V - 2) at best
  double secondHalfLoss = 0;                            // without its first token, which nothing foretells

  struct Best {
    std::int64_t layer = 0, head = 0;
    double value = 0;
  };
  Best best(analysis::HeadScore score) const; // the head that has most of it
};

// Errors: BadInput (2 period + 1 beyond the context), Cancelled and those of Run::append.
Result<RepeatReport> measureRepeats(const std::shared_ptr<const models::Decoder>& decoder, std::int64_t period,
                                    std::int64_t sequences, std::uint64_t seed, std::stop_token stop = {});

// `prompt` continued until <|end|> or `tokens` more tokens. temperature > 0.
Result<std::string> sampleText(const std::shared_ptr<const models::Decoder>& decoder,
                               const tokenize::Tokenizer& tokenizer, const std::string& prompt, std::int64_t tokens,
                               double temperature, std::uint64_t seed, std::stop_token stop = {});

struct CardParts {
  TrainSpec spec;
  TrainResult result;
  RepeatReport repeats;
  std::vector<std::string> samples;
  std::string logExtract; // some lines of train_log.jsonl
};
std::string modelCard(const CardParts& parts); // Markdown

} // namespace orrery::train
