// SPDX-License-Identifier: MIT
// The seam between the maps (lattice, store, machines) and the kernels that train thousands of tiny models.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/result.h"
#include "core/sweep/digest.h"

namespace orrery::sweep {

struct SweepSpec; // core/sweep/spec.h

// The numbers that may differ between the pixels of a map: the spec's own, with its two axis values put in.
struct RunParameters {
  double rateFirst = 0;                   // mlp2: lr.input; transformer: lr.attention
  double rateSecond = 0;                  // mlp2: lr.output; transformer: lr.other
  double offsetDrift = 0, offsetInit = 0; // mlp2: added to W0 at every step / once
  double initScale = 1;                   // factor of all initial weights
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0;
};

// Trains runs of one spec. Immutable after it is made: every function may be called from any thread at the same time.
// The digest of a run depends on its parameters alone: not on the batch, the order, the thread, or the machine's vector
// width. train() allocates only on its first call of a thread.
class Trainer {
public:
  virtual ~Trainer() = default;
  // How many runs a call of train() should bring to use the machine well.
  virtual std::size_t batch() const = 0;
  // runs and digests have the same size. Errors: Cancelled (digests are then unspecified).
  virtual Status train(std::span<const RunParameters> runs, std::span<Digest> digests, std::stop_token stop) const = 0;
  // The loss curve of one run, [steps]: the very numbers that its digest is made of; NaN from where a run is given up.
  virtual Result<std::vector<double>> curve(const RunParameters& run, std::stop_token stop) const = 0;
  virtual double flopsPerStep() const = 0; // of one run, as multiplications and additions of its products
};

// Errors: BadInput or NotFound of the spec's arrays, Unsupported.
Result<std::unique_ptr<Trainer>> makeTrainer(const SweepSpec& spec);

} // namespace orrery::sweep
