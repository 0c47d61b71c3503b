// SPDX-License-Identifier: MIT
#include "core/sweep/mlp_input.h"

#include "core/sweep/arrays.h"
#include "core/sweep/seeds.h"

namespace orrery::sweep {
namespace {

std::vector<double> normals(Random& random, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = random.normal();
  return values;
}

Status readInit(const std::string& file, MlpInput& input) {
  auto arrays = Arrays::open(file);
  if (!arrays) return arrays.error();
  const auto n = static_cast<std::int64_t>(input.n);
  auto w0 = arrays->reals("init/W0", {n, n});
  if (!w0) return w0.error();
  auto w1 = arrays->reals("init/W1", {1, n});
  if (!w1) return w1.error();
  input.w0 = std::move(*w0);
  input.w1 = std::move(*w1);
  return Done{};
}

Status readOrder(const Arrays& arrays, const SweepSpec& spec, MlpInput& input) {
  const auto batch = static_cast<std::int64_t>(input.batch);
  auto order = arrays.indices("data/batch_index", {-1, batch}, static_cast<std::int64_t>(input.points));
  if (!order) return order.error();
  const auto rows = static_cast<std::int64_t>(order->size()) / batch;
  if (rows < spec.steps)
    return badInput("data/batch_index: expected a row for each of the " + std::to_string(spec.steps) +
                        " steps, found " + std::to_string(rows),
                    spec.data.file);
  input.order = std::move(*order);
  return Done{};
}

Status readData(const SweepSpec& spec, MlpInput& input) {
  auto arrays = Arrays::open(spec.data.file);
  if (!arrays) return arrays.error();
  auto x = arrays->reals("data/X", {-1, static_cast<std::int64_t>(input.n)});
  if (!x) return x.error();
  input.x = std::move(*x);
  input.points = input.x.size() / input.n;
  if (input.points == 0) return badInput("data/X: expected at least one point, found none", spec.data.file);
  auto y = arrays->reals("data/Y", {static_cast<std::int64_t>(input.points), 1});
  if (!y) return y.error();
  input.y = std::move(*y);
  return input.batch > 0 ? readOrder(*arrays, spec, input) : Status(Done{});
}

void drawData(const SweepSpec& spec, MlpInput& input) {
  input.points = static_cast<std::size_t>(spec.data.points);
  Random data = randomOf(spec.data.seed, Stream::Data);
  input.x = normals(data, input.points * input.n);
  input.y = normals(data, input.points);
  Random order = randomOf(spec.data.seed, Stream::Order);
  input.order.resize(static_cast<std::size_t>(spec.steps) * input.batch);
  for (std::int32_t& row : input.order) row = static_cast<std::int32_t>(order.below(input.points));
}

} // namespace

Result<MlpInput> loadMlpInput(const SweepSpec& spec) {
  MlpInput input;
  input.n = static_cast<std::size_t>(spec.model.n);
  input.batch = static_cast<std::size_t>(spec.optimizer.batch);
  if (spec.init.file.empty()) {
    Random random = randomOf(spec.init.seed, Stream::Weights);
    input.w0 = normals(random, input.n * input.n);
    input.w1 = normals(random, input.n);
  } else if (Status status = readInit(spec.init.file, input); !status) {
    return status.error();
  }
  if (spec.data.kind == DataKind::Normal)
    drawData(spec, input);
  else if (Status status = readData(spec, input); !status)
    return status.error();
  return input;
}

} // namespace orrery::sweep
