// SPDX-License-Identifier: MIT
// Run::evict: the text of a run once more through the model, with a cache that forgets, beside what the run itself
// said.
#include <cmath>

#include "core/models/block.h"
#include "core/models/evicted_attention.h"
#include "core/models/parallel.h"
#include "core/models/run_parts.h"
#include "core/models/scores.h"
#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

using hooks::HookKind;

constexpr std::int64_t kLogitRows = 64;

struct Task {
  const Run& run;
  RunParts parts;
  std::vector<hooks::AttentionRecord> full; // [L]
  std::stop_token stop;
  std::function<void(double)> progress; // of one cache: 0..1

  const ModelConfig& config() const { return parts.decoder->config(); }
  const Weights& weights() const { return parts.decoder->impl().weights; }
  void check() const {
    if (stop.stop_requested()) throw PassError{cancelled()};
  }
};

// The input of the unembedding with the given cache. [T, D]
template <class T> at::Tensor hiddenWith(Task& task, EvictedAttention<T>& attention) {
  const std::vector<std::int32_t>& tokens = task.run.tokens();
  const auto total = static_cast<std::int64_t>(tokens.size());
  const std::int64_t piece = std::max<std::int64_t>(1, task.run.options().chunk);
  at::Tensor all = at::empty_like(task.parts.hidden);
  for (std::int64_t begin = 0; begin < total; begin += piece) {
    const std::int64_t end = std::min(begin + piece, total);
    attention.prepare(begin, end, total);
    task.parts.taps.setBegin(begin);
    const Pass pass{task.config(), task.weights(), attention, task.parts.taps, Ops{true}, begin};
    const std::vector<std::int64_t> ids(tokens.begin() + begin, tokens.begin() + end);
    at::Tensor x = embed(pass, at::tensor(at::ArrayRef<std::int64_t>(ids), at::kLong).unsqueeze(0)); // [1, n, D]
    for (int layer = 0; layer < static_cast<int>(task.config().layers); ++layer) {
      task.check();
      x = block(pass, layer, x);
      task.progress(0.8 *
                    (static_cast<double>(begin) +
                     static_cast<double>((end - begin) * (layer + 1)) / static_cast<double>(task.config().layers)) /
                    static_cast<double>(total));
    }
    all.narrow(0, begin, end - begin).copy_(finalNorm(pass, x).select(0, 0));
  }
  return all;
}

// Logits of positions [begin, begin + n) as the run gives them, [n, V].
at::Tensor logitsOf(Task& task, const at::Tensor& hidden, std::int64_t begin, std::int64_t n) {
  task.parts.taps.setBegin(begin);
  const at::Tensor rows = unembed(Ops{true}, task.weights(), hidden.narrow(0, begin, n));
  return softcapped(task.config(), task.parts.taps.tap(HookKind::UnembedOut, -1, rows.unsqueeze(0)).select(0, 0));
}

void compare(Task& task, const at::Tensor& hidden, hooks::EvictionResult& result) {
  const std::int64_t total = hidden.size(0);
  result.kl.resize(static_cast<std::size_t>(total));
  result.topChanged.resize(static_cast<std::size_t>(total));
  for (std::int64_t begin = 0; begin < total; begin += kLogitRows) {
    task.check();
    const std::int64_t n = std::min(kLogitRows, total - begin);
    const at::Tensor full = logitsOf(task, task.parts.hidden, begin, n), cut = logitsOf(task, hidden, begin, n);
    parallelFor(n, 1, [&](std::int64_t low, std::int64_t high) {
      for (std::int64_t r = low; r < high; ++r) {
        const RowDivergence divergence = divergenceOf(full, cut, r);
        result.kl[static_cast<std::size_t>(begin + r)] = divergence.kl;
        result.topChanged[static_cast<std::size_t>(begin + r)] = divergence.topChanged;
      }
    });
    task.progress(0.8 + 0.2 * static_cast<double>(begin + n) / static_cast<double>(total));
  }
}

// missing: [L, H, T]
void reduceMissing(const std::vector<double>& missing, std::int64_t heads, hooks::EvictionResult& result) {
  const std::size_t total = missing.size() / static_cast<std::size_t>(heads); // heads of all layers
  result.missing.assign(total, 0);
  for (std::size_t at = 0; at < missing.size(); at += total) {
    double sum = 0;
    for (std::size_t t = 0; t < total; ++t) {
      sum += missing[at + t];
      result.missing[t] += missing[at + t] / static_cast<double>(heads);
    }
    result.missingPerHead.push_back(sum / static_cast<double>(total));
  }
}

template <class T> hooks::EvictionResult evictOne(Task& task, hooks::Eviction eviction) {
  hooks::EvictionResult result;
  result.eviction = std::move(eviction);
  EvictedAttention<T> attention(task.config(), result.eviction, task.full);
  const at::Tensor hidden = hiddenWith(task, attention);
  compare(task, hidden, result);
  reduceMissing(attention.missing(), task.config().layers * task.config().heads, result);
  return result;
}

Status check(const Run& run, const std::vector<hooks::Eviction>& evictions) {
  if (run.length() == 0) return badInput("no token to run: the text is empty");
  if (!run.options().plan.attention)
    return badInput("this run did not keep its attention, which tells what goes missing: run it with capture");
  for (const hooks::Edit& edit : run.options().edits)
    if (edit.at.kind == HookKind::AttnScores || edit.at.kind == HookKind::Pattern)
      return unsupported("edit at " + hooks::hookName(edit.at) +
                         ": an edit of whole attention maps has no meaning for a cache that drops entries");
  for (const hooks::Eviction& eviction : evictions) {
    if (eviction.policy != hooks::EvictionPolicy::Own && eviction.budget < 1)
      return badInput("a budget of " + std::to_string(eviction.budget) +
                      " entries per head: expected at least 1, since a token's own entry is one of them");
    for (const std::int64_t position : eviction.dropped)
      if (position < 0 || position >= run.length())
        return badInput("position " + std::to_string(position) + " to drop lies outside the " +
                        std::to_string(run.length()) + " tokens");
  }
  return Done{};
}

} // namespace

Result<hooks::EvictionStudy> Run::evict(const std::vector<hooks::Eviction>& evictions, std::stop_token stop,
                                        const std::function<void(double)>& progress) const {
  if (Status fine = check(*this, evictions); !fine) return fine.error();
  const SerialBlas serial;
  hooks::EvictionStudy study;
  const Status done = guarded([&] {
    const c10::InferenceMode inference;
    Task task{*this, partsOf(*this), attention(), stop, {}};
    study.tokens = length();
    study.layers = task.config().layers;
    study.heads = task.config().heads;
    for (const hooks::Eviction& eviction : evictions) {
      task.progress = [&](double fraction) {
        if (progress)
          progress((static_cast<double>(study.results.size()) + fraction) / static_cast<double>(evictions.size()));
      };
      const bool exact = task.parts.decoder->dtype() == DType::F64;
      study.results.push_back(exact ? evictOne<double>(task, eviction) : evictOne<float>(task, eviction));
    }
  });
  if (!done) return done.error();
  return study;
}

} // namespace orrery::models
