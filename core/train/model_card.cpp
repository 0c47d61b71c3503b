// SPDX-License-Identifier: MIT
#include "core/train/model_card.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/train/batches.h"
#include "core/train/bpe_trainer.h"

namespace orrery::train {

namespace {

using analysis::HeadScore;

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// Running means over sequences.
class RepeatSums {
public:
  Status add(const std::vector<hooks::AttentionRecord>& records, const Tokens& tokens, std::stop_token stop) {
    m_heads.resize(records.size());
    for (std::size_t layer = 0; layer < records.size(); ++layer) {
      std::vector<analysis::HeadScoreSums> sums;
      const hooks::TileRange all{0, records[layer].tokens};
      if (Status done = analysis::addHeadScores(records[layer], tokens, all, sums, {}, stop); !done) return done;
      m_heads[layer].resize(sums.size());
      for (std::size_t head = 0; head < sums.size(); ++head) merge(m_heads[layer][head], sums[head]);
    }
    return Done{};
  }

  std::vector<std::vector<analysis::HeadScores>> scores() const {
    std::vector<std::vector<analysis::HeadScores>> all;
    for (const auto& layer : m_heads) {
      auto& row = all.emplace_back();
      for (const analysis::HeadScoreSums& head : layer) row.push_back(head.scores());
    }
    return all;
  }

private:
  static void merge(analysis::HeadScoreSums& into, const analysis::HeadScoreSums& from) {
    for (std::size_t i = 0; i < into.sums.size(); ++i) {
      into.sums[i] += from.sums[i];
      into.rows[i] += from.rows[i];
    }
  }

  std::vector<std::vector<analysis::HeadScoreSums>> m_heads; // [L][H]
};

models::RunOptions measuring(std::vector<float>& logProbabilities) {
  models::RunOptions options;
  options.plan.overviews = false;
  options.onScores = [&logProbabilities](std::int64_t, std::span<const hooks::TokenScore> scores) {
    for (const hooks::TokenScore& score : scores) logProbabilities.push_back(score.logProbability);
  };
  return options;
}

double meanLoss(const std::vector<float>& logProbabilities, std::int64_t begin, std::int64_t end) {
  double sum = 0;
  for (std::int64_t i = begin; i < end; ++i) sum -= logProbabilities[static_cast<std::size_t>(i)];
  return sum / static_cast<double>(end - begin);
}

std::int32_t draw(const std::vector<double>& logits, double temperature, Random& random) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (double logit : logits) total += std::exp((logit - top) / temperature);
  double left = random.uniform() * total;
  for (std::size_t id = 0; id < logits.size(); ++id) {
    left -= std::exp((logits[id] - top) / temperature);
    if (left < 0) return static_cast<std::int32_t>(id);
  }
  return static_cast<std::int32_t>(logits.size() - 1);
}

std::string headName(const RepeatReport::Best& best) {
  return std::string("L") + std::to_string(best.layer) + "H" + std::to_string(best.head) + " (" + fixed(best.value, 3) +
         ")";
}

std::string findings(const RepeatReport& repeats) {
  return std::string("On ") + std::to_string(repeats.sequences) + " texts of " + std::to_string(repeats.period) +
         " random tokens, said twice:\n\n"
         "- clearest previous-token head: " +
         headName(repeats.best(HeadScore::PreviousToken)) +
         "\n- clearest induction head: " + headName(repeats.best(HeadScore::Induction)) +
         "\n- loss in the first half " + fixed(repeats.firstHalfLoss, 3) + " nat per token, in the second half " +
         fixed(repeats.secondHalfLoss, 3) + "\n\n";
}

std::string headTable(const RepeatReport& repeats) {
  std::string text = "| head |", rule = "|---|";
  for (const auto& info : analysis::headScoreTable()) {
    text += std::string(" ").append(info.name);
    if (info.unit != "1") text += std::string(" / ").append(info.unit);
    text += " |";
    rule += "---|";
  }
  text.append("\n").append(rule).append("\n");
  for (std::size_t layer = 0; layer < repeats.heads.size(); ++layer)
    for (std::size_t head = 0; head < repeats.heads[layer].size(); ++head) {
      text.append("| L").append(std::to_string(layer)).append("H").append(std::to_string(head)).append(" |");
      for (double value : repeats.heads[layer][head].values) text.append(" ").append(fixed(value, 3)).append(" |");
      text += "\n";
    }
  return text + "\n";
}

std::string sizes(const CardParts& parts) {
  const ModelSizes& model = parts.spec.model;
  return std::string("Llama-type decoder: ") + std::to_string(model.layers) + " layers, " +
         std::to_string(model.heads) + " heads (" + std::to_string(model.kvHeads) + " for keys and values), width " +
         std::to_string(model.model) + ", feed-forward " + std::to_string(model.mlp) + ", byte-level BPE of " +
         std::to_string(model.vocab) + " entries, context " + std::to_string(model.context) + ", " +
         std::to_string(parts.result.parameters) + " parameters.\n\n";
}

std::string trainingNotes(const CardParts& parts) {
  std::string text = std::string("Trained for ") + std::to_string(parts.result.steps) + " steps in " +
                     fixed(parts.result.seconds / 60, 1) +
                     " minutes on text that the program makes from a seeded grammar (grammar.h): short stories, "
                     "key-value look-ups, brackets, copying, small sums, and rows of repeated random tokens. Loss " +
                     fixed(parts.result.loss, 3) + " nat per token at the end, " + fixed(parts.result.heldOutLoss, 3) +
                     " on text it has not seen (without repeated random tokens).\n\n";
  text += "The whole specification, seeds included, is in train_spec.json; `orrery train train_spec.json --out DIR` "
          "makes the model again, the very same weights with the same number of threads and libraries. Extract of "
          "train_log.jsonl:\n\n```\n" +
          parts.logExtract + "```\n\n";
  return text;
}

} // namespace

RepeatReport::Best RepeatReport::best(HeadScore score) const {
  Best best{0, 0, -std::numeric_limits<double>::infinity()};
  for (std::size_t layer = 0; layer < heads.size(); ++layer)
    for (std::size_t head = 0; head < heads[layer].size(); ++head)
      if (heads[layer][head][score] > best.value)
        best = {static_cast<std::int64_t>(layer), static_cast<std::int64_t>(head), heads[layer][head][score]};
  return best;
}

Result<RepeatReport> measureRepeats(const std::shared_ptr<const models::Decoder>& decoder, std::int64_t period,
                                    std::int64_t sequences, std::uint64_t seed, std::stop_token stop) {
  if (period < 2 || sequences < 1 || 2 * period + 1 > decoder->config().context)
    return badInput("repeated tokens: expected a period of 2 to " +
                    std::to_string((decoder->config().context - 1) / 2) + ", found " + std::to_string(period));
  RepeatReport report{period, sequences, {}, 0, 0};
  RepeatSums sums;
  Random random(seed);
  for (std::int64_t sequence = 0; sequence < sequences; ++sequence) {
    const Tokens tokens = repeatedTokens(random, decoder->config().vocab, period, 2 * period + 1);
    std::vector<float> logProbabilities;
    auto run = decoder->startRun(measuring(logProbabilities));
    if (!run) return run.error();
    if (Status done = (*run)->append(tokens, stop); !done) return done.error();
    if (Status done = sums.add((*run)->attention(), tokens, stop); !done) return done.error();
    report.firstHalfLoss += meanLoss(logProbabilities, 1, period + 1) / static_cast<double>(sequences);
    report.secondHalfLoss += meanLoss(logProbabilities, period + 2, 2 * period + 1) / static_cast<double>(sequences);
  }
  report.heads = sums.scores();
  return report;
}

Result<std::string> sampleText(const std::shared_ptr<const models::Decoder>& decoder,
                               const tokenize::Tokenizer& tokenizer, const std::string& prompt, std::int64_t tokens,
                               double temperature, std::uint64_t seed, std::stop_token stop) {
  models::RunOptions options;
  options.plan.overviews = options.plan.valuesAndLogits = false;
  auto run = decoder->startRun(options);
  if (!run) return run.error();
  Random random(seed);
  Tokens all = tokenizer.encode(prompt, true), next = all;
  for (; tokens > 0 && (next.front() != kEndId || next.size() > 1); --tokens) {
    if (Status done = (*run)->append(next, stop); !done) return done.error();
    next = {draw((*run)->lastLogits(), temperature, random)};
    all.push_back(next.front());
  }
  return tokenizer.decode(all, true);
}

std::string modelCard(const CardParts& parts) {
  std::string text = "# A small model to look into\n\n" + sizes(parts) + trainingNotes(parts);
  text += "## What its heads do\n\n" + findings(parts.repeats) +
          "Scores as core/analysis/head_scores.h defines them.\n\n" + headTable(parts.repeats);
  text += "## What it writes\n\n";
  for (const std::string& sample : parts.samples) {
    text.append("```\n").append(sample);
    text += sample.ends_with('\n') ? "```\n\n" : "\n```\n\n";
  }
  text.pop_back();
  return text;
}

} // namespace orrery::train
