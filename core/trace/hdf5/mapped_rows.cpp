// SPDX-License-Identifier: MIT
#include "core/trace/hdf5/mapped_rows.h"

#include <algorithm>
#include <bit>
#include <fcntl.h>
#include <numeric>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/trace/hdf5/file.h"

namespace orrery::trace::h5 {
namespace {

constexpr std::uint64_t kSmall = std::uint64_t{1} << 20; // read at once: a mapping would not pay

// Address space without memory; pages of the file are laid over it.
struct Region {
  explicit Region(std::size_t bytes)
      : base(::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)), size(bytes) {}
  ~Region() {
    if (base != MAP_FAILED) ::munmap(base, size);
  }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  void* base;
  std::size_t size;
};

struct Descriptor {
  explicit Descriptor(const std::string& file) : value(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value;
};

struct Grid {
  std::int64_t chunk = 0;               // positions
  std::int64_t rowBytes = 1;            // of one position
  std::int64_t outer = 1, perOuter = 0; // chunks: [outer, perOuter]
  std::int64_t chunkBytes() const { return chunk * rowBytes; }
};

std::optional<Grid> gridOf(const Dataset& dataset, std::size_t positions) {
  const Shape& shape = dataset.shape();
  const Handle plist(H5Dget_create_plist(dataset.id()), H5Pclose);
  std::vector<hsize_t> dims(shape.size());
  if (!plist.ok() || H5Pget_layout(plist.get()) != H5D_CHUNKED || H5Pget_nfilters(plist.get()) != 0 ||
      H5Pget_chunk(plist.get(), static_cast<int>(dims.size()), dims.data()) != static_cast<int>(dims.size()))
    return std::nullopt;
  Grid grid;
  grid.rowBytes = static_cast<std::int64_t>(byteSize(dataset.dtype()));
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto chunk = static_cast<std::int64_t>(dims[i]);
    if (i < positions) {
      if (chunk != 1) return std::nullopt;
      grid.outer *= shape[i];
    } else if (i > positions) {
      if (chunk != shape[i]) return std::nullopt;
      grid.rowBytes *= chunk;
    } else {
      grid.chunk = chunk;
    }
  }
  grid.perOuter = (shape[positions] + grid.chunk - 1) / grid.chunk;
  return grid;
}

// Chunk `index` of the grid over its place in the region. False if it does not lie in the file as whole pages.
bool mapChunk(const Dataset& dataset, std::size_t positions, const Grid& grid, std::int64_t index, const Region& region,
              int descriptor, std::int64_t fileBytes) {
  const Shape& shape = dataset.shape();
  std::vector<hsize_t> at(shape.size(), 0);
  at[positions] = static_cast<hsize_t>(index % grid.perOuter * grid.chunk);
  std::int64_t outer = index / grid.perOuter;
  for (std::size_t i = positions; i-- > 0;) {
    at[i] = static_cast<hsize_t>(outer % shape[i]);
    outer /= shape[i];
  }
  unsigned mask = 0;
  haddr_t address = HADDR_UNDEF;
  hsize_t size = 0;
  if (H5Dget_chunk_info_by_coord(dataset.id(), at.data(), &mask, &address, &size) < 0) return false;
  if (address == HADDR_UNDEF) return true; // nobody wrote it
  const std::int64_t bytes = grid.chunkBytes(), page = ::sysconf(_SC_PAGESIZE);
  if (static_cast<std::int64_t>(size) != bytes || static_cast<std::int64_t>(address) % page != 0 ||
      address > static_cast<haddr_t>(fileBytes) || fileBytes - static_cast<std::int64_t>(address) < bytes)
    return false;
  void* to = static_cast<std::byte*>(region.base) + index * bytes;
  return ::mmap(to, static_cast<std::size_t>(bytes), PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor,
                static_cast<off_t>(address)) == to;
}

// Addresses count from here, which is 0 in files of this program.
bool beginsAtZero(const Dataset& dataset) {
  const Handle file(H5Iget_file_id(dataset.id()), H5Fclose);
  const Handle plist(file.ok() ? H5Fget_create_plist(file.get()) : -1, H5Pclose);
  hsize_t block = 1;
  return plist.ok() && H5Pget_userblock(plist.get(), &block) >= 0 && block == 0;
}

} // namespace

std::optional<TensorView> mapRows(const Dataset& dataset, std::size_t positions, const std::string& file,
                                  MapBudget& budget) {
  if (dataset.bytes() < kSmall || positions >= dataset.shape().size() || !beginsAtZero(dataset)) return std::nullopt;
  const auto grid = gridOf(dataset, positions);
  if (!grid || grid->chunkBytes() % ::sysconf(_SC_PAGESIZE) != 0 || !budget.take(grid->outer * grid->perOuter))
    return std::nullopt;
  const Descriptor descriptor(file);
  struct stat info {};
  if (descriptor.value < 0 || ::fstat(descriptor.value, &info) != 0) return std::nullopt;
  const std::int64_t chunks = grid->outer * grid->perOuter;
  const auto region = std::make_shared<const Region>(static_cast<std::size_t>(chunks * grid->chunkBytes()));
  if (region->base == MAP_FAILED) return std::nullopt;
  for (std::int64_t i = 0; i < chunks; ++i)
    if (!mapChunk(dataset, positions, *grid, i, *region, descriptor.value, info.st_size)) return std::nullopt;
  TensorView view;
  view.data = static_cast<const std::byte*>(region->base);
  view.dtype = dataset.dtype();
  view.shape = dataset.shape();
  Shape padded = view.shape; // every outer index begins with a chunk of its own
  padded[positions] = grid->perOuter * grid->chunk;
  view.strides = rowMajorStrides(padded);
  view.owner = region;
  return view;
}

std::int64_t mappablePositions(std::int64_t rowBytes, std::int64_t length) {
  constexpr std::int64_t kLeast = 64, kMost = 4096, kChunks = 8, kMostBytes = std::int64_t{1} << 20;
  const std::int64_t page = ::sysconf(_SC_PAGESIZE), step = page / std::gcd(page, rowBytes); // whole pages
  const auto wanted = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(length / kChunks + 1)));
  const std::int64_t fitting = std::clamp<std::int64_t>(kMostBytes / std::max<std::int64_t>(1, rowBytes), 1, kMost);
  const std::int64_t positions = std::min(std::max(wanted, kLeast), fitting);
  if (length < 16 * kLeast) return positions; // small: read at once anyway
  return (positions + step - 1) / step * step;
}

} // namespace orrery::trace::h5
