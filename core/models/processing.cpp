// SPDX-License-Identifier: MIT
#include "core/models/processing.h"

#include <array>

#include "core/base/text.h"
#include "core/models/torch_ops.h"
#include "core/models/weights.h"

namespace orrery::models {
namespace {

struct Word {
  const char* name;
  bool Processing::*flag;
};
constexpr std::array kWords = {Word{"fold-ln", &Processing::foldLn}, Word{"center-writing", &Processing::centerWriting},
                               Word{"center-unembed", &Processing::centerUnembed}};

at::Tensor biasOf(Linear& linear) {
  if (!linear.bias.defined()) linear.bias = at::zeros({linear.weight.size(0)}, linear.weight.options());
  return linear.bias;
}

// norm then matrix -> the divisor of the norm, then another matrix. LayerNorm's output has mean 0 before its weight, so
// the mean of a row of the new matrix plays no part and is taken away.
void foldInto(Linear& linear, const NormWeights& norm, NormKind kind) {
  if (norm.bias.defined()) biasOf(linear).add_(at::matmul(linear.weight, norm.bias));
  linear.weight.mul_(norm.weight);
  if (kind == NormKind::LayerNorm) linear.weight.sub_(linear.weight.mean(1, true));
}

void neutralise(NormWeights& norm) {
  norm.weight.fill_(1);
  if (norm.bias.defined()) norm.bias.zero_();
}

void foldNorms(const ModelConfig& config, Weights& weights) {
  for (BlockWeights& block : weights.blocks) {
    foldInto(block.qkv, block.ln1, config.norm);
    foldInto(block.in, config.sharedNorm ? block.ln1 : block.ln2, config.norm);
    neutralise(block.ln1);
    if (!config.sharedNorm) neutralise(block.ln2);
  }
  Linear unembed{weights.unembed, weights.unembedBias};
  foldInto(unembed, weights.finalNorm, config.norm);
  weights.unembedBias = unembed.bias;
  neutralise(weights.finalNorm);
}

// [D, in], [D]: columns that are written get mean 0.
void centreOutput(Linear& linear) {
  linear.weight.sub_(linear.weight.mean(0, true));
  if (linear.bias.defined()) linear.bias.sub_(linear.bias.mean());
}

void centreWriting(Weights& weights) {
  weights.embed.sub_(weights.embed.mean(1, true));
  if (weights.position.defined()) weights.position.sub_(weights.position.mean(1, true));
  for (BlockWeights& block : weights.blocks) {
    centreOutput(block.out);
    centreOutput(block.down);
  }
}

} // namespace

Result<Processing> parseProcessing(const std::string& list) {
  Processing processing;
  std::string known;
  for (const Word& word : kWords) known.append(known.empty() ? "" : ", ").append(word.name);
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string part = list.substr(begin, end - begin);
    bool found = false;
    for (const Word& word : kWords)
      if (part == word.name) found = processing.*word.flag = true;
    if (!found) return badInput("weight processing " + inQuotes(part) + " is not known; expected some of " + known);
    begin = end + 1;
  }
  return processing;
}

std::vector<std::string> processingWords(const Processing& processing) {
  std::vector<std::string> words;
  for (const Word& word : kWords)
    if (processing.*word.flag) words.emplace_back(word.name);
  return words;
}

Processing validProcessing(const ModelConfig& config, const Processing& wanted, std::vector<std::string>& warnings) {
  Processing valid = wanted;
  const auto leaveOut = [&](bool Processing::*flag, bool wrong, const char* why) {
    if (!(valid.*flag) || !wrong) return;
    valid.*flag = false;
    warnings.emplace_back(why);
  };
  leaveOut(&Processing::foldLn, config.experts > 0,
           "fold-ln was left out: the norms of a mixture of experts are not folded");
  leaveOut(
      &Processing::centerWriting, config.norm != NormKind::LayerNorm || config.postNorms,
      "center-writing was left out: this model has RMSNorm, which does not take the mean of the residual stream away");
  leaveOut(&Processing::centerUnembed, config.finalSoftcap > 0,
           "center-unembed was left out: the logits go through a soft-cap, which a constant added to them changes");
  return valid;
}

void process(ModelConfig& config, Weights& weights, const Processing& processing) {
  if (!processing.any()) return;
  if (weights.unembed.is_same(weights.embed)) weights.unembed = weights.embed.clone();
  if (processing.foldLn) foldNorms(config, weights);
  if (processing.centerWriting) centreWriting(weights);
  if (processing.centerUnembed) {
    weights.unembed.sub_(weights.unembed.mean(0, true));
    if (weights.unembedBias.defined()) weights.unembedBias.sub_(weights.unembedBias.mean());
  }
  config.tied = false;
  config.unembedBias = weights.unembedBias.defined();
  config.qkvBias = weights.blocks.front().qkv.bias.defined();
}

} // namespace orrery::models
