// SPDX-License-Identifier: MIT
// Arrays of an HDF5 file, as the reference files name them (init/W0, data/tokens ...), checked before they are read.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/tensor_view.h"
#include "core/hdf5/handle.h"

namespace orrery::sweep {

class Arrays {
public:
  static Result<Arrays> open(const std::string& file); // Errors: NotFound, BadInput

  // Numbers of any type as float64. shape: the very sizes; -1 allows any. Errors: BadInput (missing, other shape),
  // TooLarge.
  Result<std::vector<double>> numbers(const std::string& name, const Shape& shape) const;
  // The same, refused where one is not finite.
  Result<std::vector<double>> reals(const std::string& name, const Shape& shape) const;
  // Integers from 0 to `below` - 1. Errors: as above.
  Result<std::vector<std::int32_t>> indices(const std::string& name, const Shape& shape, std::int64_t below) const;
  Result<Shape> shapeOf(const std::string& name) const;

private:
  Result<TensorView> read(const std::string& name, const Shape& shape) const;

  h5::Handle m_file;
  std::string m_name;
};

} // namespace orrery::sweep
