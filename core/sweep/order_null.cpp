// SPDX-License-Identifier: MIT
#include "core/sweep/order_null.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "core/base/random.h"
#include "core/sweep/mlp_trainer.h"
#include "core/sweep/spec.h"
#include "core/sweep/transformer_trainer.h"

namespace orrery::sweep {
namespace {

std::uint64_t seedOf(const RunParameters& run) {
  std::uint64_t seed = 0;
  for (const double value : {run.rateFirst, run.rateSecond, run.offsetDrift, run.offsetInit, run.initScale, run.beta1,
                             run.beta2, run.eps, run.weightDecay})
    seed = Random(seed ^ std::bit_cast<std::uint64_t>(value)).bits();
  return seed;
}

// Fisher and Yates.
void shuffle(std::vector<std::int32_t>& order, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

// One trainer for each run.
class OrderTrainer final : public Trainer {
public:
  using Make = std::function<std::unique_ptr<Trainer>(std::uint64_t seed)>;
  OrderTrainer(Make make, std::unique_ptr<Trainer> plain) : m_make(std::move(make)), m_plain(std::move(plain)) {}

  std::size_t batch() const override { return std::min<std::size_t>(16, m_plain->batch()); }
  double flopsPerStep() const override { return m_plain->flopsPerStep(); }
  Status train(std::span<const RunParameters> runs, std::span<Digest> digests, std::stop_token stop) const override {
    for (std::size_t i = 0; i < runs.size(); ++i)
      if (Status status = m_make(seedOf(runs[i]))->train(runs.subspan(i, 1), digests.subspan(i, 1), stop); !status)
        return status;
    return Done{};
  }
  Result<std::vector<double>> curve(const RunParameters& run, std::stop_token stop) const override {
    return m_make(seedOf(run))->curve(run, stop);
  }

private:
  Make m_make;
  std::unique_ptr<Trainer> m_plain; // in the order of the spec
};

Result<OrderTrainer::Make> mlpMaker(const SweepSpec& spec) {
  auto input = loadMlpInput(spec);
  if (!input) return input.error();
  if (input->batch == 0)
    return unsupported("the null map of data order needs minibatches: here every step sees all data");
  return OrderTrainer::Make([spec, input = std::move(*input)](std::uint64_t seed) {
    MlpInput shuffled = input;
    shuffle(shuffled.order, seed);
    return makeMlpTrainer(spec, std::move(shuffled));
  });
}

Result<OrderTrainer::Make> transformerMaker(const SweepSpec& spec) {
  const TransformerShape shape(spec);
  auto input = loadTransformerInput(spec, shape);
  if (!input) return input.error();
  return OrderTrainer::Make([spec, shape, input = std::move(*input)](std::uint64_t seed) {
    TransformerInput shuffled = input;
    shuffle(shuffled.starts, seed);
    return makeTransformerTrainer(spec, shape, std::move(shuffled));
  });
}

} // namespace

Result<std::unique_ptr<Trainer>> makeOrderTrainer(const SweepSpec& spec) {
  auto plain = makeTrainer(spec);
  if (!plain) return plain;
  auto make = spec.model.kind == ModelKind::Mlp2 ? mlpMaker(spec) : transformerMaker(spec);
  if (!make) return make.error();
  return std::unique_ptr<Trainer>(std::make_unique<OrderTrainer>(std::move(*make), std::move(*plain)));
}

} // namespace orrery::sweep
