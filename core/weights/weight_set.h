// SPDX-License-Identifier: MIT
// WeightSet: the matrices and vectors of an opened checkpoint, to be looked at from the file, without a model. What
// each of them is in a model (layer, part, heads) is known where a config is. Immutable; any thread. Rows are read with
// pread and decoded when they are asked for, so that no tensor needs to fit in memory.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/analysis/matrix_source.h"
#include "core/base/result.h"
#include "core/base/tensor_view.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::weights {

// What a weight does in a model. "" where that is not known.
namespace part {
inline constexpr std::string_view kEmbed = "embed", kPosition = "position", kUnembed = "unembed", kQuery = "q",
                                  kKey = "k", kValue = "v", kQkv = "qkv", kOutput = "o", kGate = "gate", kUp = "up",
                                  kDown = "down", kRouter = "router", kNorm = "norm";
}

struct Weight {
  std::string name;      // in the file; "NAME[3]" for one matrix of a stack of experts
  std::string canonical; // as the family calls it in a Hugging Face file, without prefix; else as `name`
  std::string part;      // see above
  std::int64_t layer = -1, expert = -1;
  const tensorio::TensorInfo* info = nullptr; // of the set's file
  std::int64_t first = 0;                     // element of the tensor at which it begins
  Shape shape;
  bool transposed = false;        // stored [in, out] where the family's other formats have [out, in]
  std::vector<std::int64_t> rows; // stored row r is the family's row rows[r]; empty: r

  bool matrix() const { return shape.size() == 2 && shape[0] > 0 && shape[1] > 0; }
  std::int64_t elements() const { return elementCount(shape).value_or(0); }
  // As a map: vectors are one row, further dimensions are rows too.
  std::int64_t mapRows() const;
  std::int64_t mapCols() const;
};

// Heads of the model; zeros where no config says.
struct HeadCounts {
  std::int64_t layers = 0, heads = 0, kvHeads = 0, headDim = 0, model = 0;
};

class WeightSet {
public:
  struct Parts {
    std::string path;
    tensorio::TensorFile file;
    std::vector<Weight> weights; // `info` may point into any copy of the file: it is found again by name
    HeadCounts heads;
    std::uint64_t memory = std::uint64_t{4} << 30; // bytes that work on it may take
  };
  explicit WeightSet(Parts parts);
  WeightSet(const WeightSet&) = delete;
  WeightSet& operator=(const WeightSet&) = delete;

  std::uint64_t id() const { return m_id; } // of this opening, in this process: caches key by it
  const std::string& path() const { return m_parts.path; }
  const tensorio::TensorFile& file() const { return m_parts.file; }
  const std::vector<Weight>& weights() const { return m_parts.weights; }
  const HeadCounts& heads() const { return m_parts.heads; }
  std::uint64_t memory() const { return m_parts.memory; }

  const Weight* find(std::string_view name) const;               // null if there is none
  const Weight* findCanonical(std::string_view canonical) const; // null if there is none

private:
  Parts m_parts;
  const std::uint64_t m_id;
};
using WeightsPtr = std::shared_ptr<const WeightSet>;

// Elements [first, first + count) of a weight, row-major as stored. Errors: those of TensorFile::loadRange.
Status readElements(const WeightSet& set, const Weight& weight, std::int64_t first, std::int64_t count, double* out);
Status readElements(const WeightSet& set, const Weight& weight, std::int64_t first, std::int64_t count, float* out);

// Its rows as stored; mapRows() x mapCols(). The source keeps `set`.
analysis::MatrixSource sourceOf(const WeightsPtr& set, const Weight& weight);
// Its rows in the family's order and orientation, so that two formats of one model agree. Where that differs from the
// file, the whole matrix is read at once. Errors of `read`: as above; of this: TooLarge.
Result<analysis::MatrixSource> canonicalSource(const WeightsPtr& set, const Weight& weight);

// "h.3.mlp.c_fc" -> "h.*.mlp.c_fc": the first whole number between dots. Weights of one kind share it.
std::string kindOf(const Weight& weight);
// The first whole number between dots of a name, or -1.
std::int64_t layerInName(std::string_view name);

} // namespace orrery::weights
