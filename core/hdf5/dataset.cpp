// SPDX-License-Identifier: MIT
#include "core/hdf5/dataset.h"

#include <algorithm>

#include "core/base/strided.h"
#include "core/hdf5/file.h"

namespace orrery::h5 {
namespace {

constexpr std::uint64_t kMaxChunkBytes = std::uint64_t{256} << 20;
// Bytes per stored byte: deflate packs at most 1032 : 1, and chunks that were never written (above the diagonal) are
// not stored.
constexpr std::uint64_t kPackedRatio = 2200, kPlainRatio = 4;

hid_t typeOf(DType dtype) {
  switch (dtype) {
  case DType::F64:
    return H5T_NATIVE_DOUBLE;
  case DType::F32:
    return H5T_NATIVE_FLOAT;
  case DType::I64:
    return H5T_NATIVE_INT64;
  case DType::I32:
    return H5T_NATIVE_INT32;
  case DType::U8:
    return H5T_NATIVE_UINT8;
  default:
    return -1;
  }
}

std::optional<DType> dtypeOf(hid_t type) {
  for (const DType dtype : {DType::F64, DType::F32, DType::I64, DType::I32, DType::U8})
    if (H5Tequal(type, typeOf(dtype)) > 0) return dtype;
  return std::nullopt;
}

std::vector<hsize_t> sizes(const Shape& shape) { return {shape.begin(), shape.end()}; }

bool onlyKnownFilters(hid_t plist) {
  for (int i = 0, n = H5Pget_nfilters(plist); i < n; ++i) {
    unsigned flags = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(plist, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, nullptr);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE) return false;
  }
  return true;
}

// Bytes of one chunk, 0 if not chunked.
std::uint64_t chunkBytes(hid_t plist, std::size_t rank, DType dtype) {
  if (H5Pget_layout(plist) != H5D_CHUNKED) return 0;
  std::vector<hsize_t> dims(rank);
  if (H5Pget_chunk(plist, static_cast<int>(rank), dims.data()) < 0) return kMaxChunkBytes + 1;
  const auto count = elementCount(Shape(dims.begin(), dims.end()));
  return count ? static_cast<std::uint64_t>(*count) * byteSize(dtype) : kMaxChunkBytes + 1;
}

// The cells must be backed by bytes of the file: a declared size alone allocates nothing.
Status believable(hid_t dataset, const Shape& shape, DType dtype, const std::string& name, const std::string& file) {
  const Handle plist(H5Dget_create_plist(dataset), H5Pclose);
  const auto count = elementCount(shape);
  const std::uint64_t stored = H5Dget_storage_size(dataset);
  hsize_t fileBytes = 0;
  const Handle owner(H5Iget_file_id(dataset), H5Fclose);
  if (!plist.ok() || !owner.ok() || H5Fget_filesize(owner.get(), &fileBytes) < 0)
    return failure("look into " + name, file);
  const H5D_layout_t layout = H5Pget_layout(plist.get());
  if ((layout != H5D_CHUNKED && layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) ||
      H5Pget_external_count(plist.get()) != 0 || !onlyKnownFilters(plist.get()))
    return unsupported(name + " is stored in another file or through an unknown filter", file);
  const std::uint64_t ratio = H5Pget_nfilters(plist.get()) > 0 ? kPackedRatio : kPlainRatio;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  const std::uint64_t bytes = count ? std::min(static_cast<std::uint64_t>(*count), kMost) * byteSize(dtype) : kMost;
  if (bytes >= kMost || stored > fileBytes || bytes / ratio > stored ||
      chunkBytes(plist.get(), shape.size(), dtype) > kMaxChunkBytes)
    return badInput(
        name + " claims to be " + shapeText(shape) + " and has " + std::to_string(stored) + " bytes in the file", file);
  return Done{};
}

Handle creationList(DType dtype, const DatasetOptions& options) {
  Handle plist(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(plist.get(), false); // the same numbers make the same file
  H5Pset_chunk(plist.get(), static_cast<int>(options.chunk.size()), sizes(options.chunk).data());
  if (options.compress) {
    H5Pset_shuffle(plist.get());
    H5Pset_deflate(plist.get(), 1);
  }
  if (options.fill != 0 && isFloating(dtype)) H5Pset_fill_value(plist.get(), H5T_NATIVE_DOUBLE, &options.fill);
  return plist;
}

} // namespace

Result<Dataset> Dataset::create(hid_t parent, const std::string& name, DType dtype, const DatasetOptions& options,
                                const std::string& file) {
  if (typeOf(dtype) < 0)
    return unsupported(name + ": dtype " + std::string(orrery::name(dtype)) + " in an HDF5 file", file);
  Dataset made;
  made.m_dtype = dtype;
  made.m_shape.assign(options.chunk.size(), 0);
  made.m_name = name;
  made.m_file = file;
  const std::vector<hsize_t> unlimited(options.chunk.size(), H5S_UNLIMITED);
  const Handle space(
      H5Screate_simple(static_cast<int>(options.chunk.size()), sizes(made.m_shape).data(), unlimited.data()), H5Sclose);
  const Handle plist = creationList(dtype, options);
  made.m_dataset = Handle(
      H5Dcreate2(parent, name.c_str(), typeOf(dtype), space.get(), H5P_DEFAULT, plist.get(), H5P_DEFAULT), H5Dclose);
  if (!made.m_dataset.ok()) return failure("create " + name, file);
  return made;
}

Result<Dataset> Dataset::open(hid_t parent, const std::string& name, const std::string& file) {
  if (!isHardLink(parent, name)) return badInput(name + " is missing, or is a link elsewhere", file);
  Dataset opened;
  opened.m_name = name;
  opened.m_file = file;
  opened.m_dataset = Handle(H5Dopen2(parent, name.c_str(), H5P_DEFAULT), H5Dclose);
  const Handle type(H5Dget_type(opened.id()), H5Tclose), space(H5Dget_space(opened.id()), H5Sclose);
  if (!opened.m_dataset.ok() || !type.ok() || !space.ok()) return failure("open " + name, file);
  const auto dtype = dtypeOf(type.get());
  if (!dtype) return unsupported(name + " holds values of a type that is not read here", file);
  opened.m_dtype = *dtype;
  hsize_t dims[H5S_MAX_RANK] = {};
  const int rank = H5Sget_simple_extent_dims(space.get(), dims, nullptr);
  if (rank < 1 || rank > 8) return badInput(name + " has " + std::to_string(rank) + " dimensions", file);
  for (int i = 0; i < rank; ++i) opened.m_shape.push_back(static_cast<std::int64_t>(dims[i]));
  if (Status status = believable(opened.id(), opened.m_shape, *dtype, name, file); !status) return status.error();
  return opened;
}

Status Dataset::resize(const Shape& shape) {
  if (H5Dset_extent(id(), sizes(shape).data()) < 0) return failure("resize " + m_name, m_file);
  m_shape = shape;
  return Done{};
}

Status Dataset::write(const TensorView& values, const Shape& begin) {
  if (values.elements() == 0) return Done{};
  std::vector<std::byte> packed;
  const std::byte* bytes = values.data;
  if (!values.contiguous()) {
    packed.resize(values.bytes());
    copyStrided(values, packed.data(), rowMajorStrides(values.shape));
    bytes = packed.data();
  }
  const std::vector<hsize_t> start = sizes(begin), count = sizes(values.shape);
  const Handle memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose);
  const Handle space(H5Dget_space(id()), H5Sclose);
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) < 0 ||
      H5Dwrite(id(), typeOf(values.dtype), memory.get(), space.get(), H5P_DEFAULT, bytes) < 0)
    return failure("write " + m_name, m_file);
  return Done{};
}

Result<TensorView> Dataset::readAll() const {
  TensorView view;
  auto values = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(bytes()));
  if (!values->empty() && H5Dread(id(), typeOf(m_dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, values->data()) < 0)
    return failure("read " + m_name, m_file);
  view.data = values->data();
  view.dtype = m_dtype;
  view.shape = m_shape;
  view.strides = rowMajorStrides(m_shape);
  view.owner = values;
  return view;
}

Status writeStrings(hid_t parent, const std::string& name, const std::vector<std::string>& texts,
                    const std::string& file) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  const hsize_t count = texts.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Handle dataset(H5Dcreate2(parent, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                       H5Dclose);
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  if (!dataset.ok() ||
      (count > 0 && H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0))
    return failure("write " + name, file);
  return Done{};
}

} // namespace orrery::h5
