// SPDX-License-Identifier: MIT
// Datasets (H5D, H5S, H5P): chunked, extendable in every dimension; written and read in rectangles.
#pragma once
#include <optional>

#include "core/base/tensor_view.h"
#include "core/hdf5/handle.h"

namespace orrery::h5 {

struct DatasetOptions {
  Shape chunk;           // one size per dimension, at least 1
  bool compress = false; // shuffle + deflate 1
  double fill = 0;       // value of cells that nobody wrote (F32 and F64)
};

class Dataset {
public:
  // Size 0 in every dimension until it is extended.
  static Result<Dataset> create(hid_t parent, const std::string& name, DType dtype, const DatasetOptions& options,
                                const std::string& file);
  // Only in this very file, without filters other than shuffle and deflate, and of a believable size.
  static Result<Dataset> open(hid_t parent, const std::string& name, const std::string& file);

  hid_t id() const { return m_dataset.get(); }
  DType dtype() const { return m_dtype; }
  const Shape& shape() const { return m_shape; }
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(*elementCount(m_shape)) * byteSize(m_dtype); }

  Status resize(const Shape& shape);                          // what lies outside is gone
  Status write(const TensorView& values, const Shape& begin); // any strides; must lie inside
  Result<TensorView> readAll() const;                         // the caller has looked at bytes()

private:
  Handle m_dataset;
  DType m_dtype = DType::F32;
  Shape m_shape;
  std::string m_name, m_file;
};

// Variable-length UTF-8 strings [n], written at once.
Status writeStrings(hid_t parent, const std::string& name, const std::vector<std::string>& texts,
                    const std::string& file);

} // namespace orrery::h5
