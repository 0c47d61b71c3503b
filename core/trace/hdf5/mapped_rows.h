// SPDX-License-Identifier: MIT
// A large dataset as a view on the file itself: its chunks are mapped one behind the other, so that opening reads
// nothing of it, and what is looked at comes and goes with the system's page cache.
#pragma once
#include <optional>

#include "core/trace/hdf5/dataset.h"

namespace orrery::trace::h5 {

// Mappings that one trace may have: systems allow 65530 a process, and other things need some.
class MapBudget {
public:
  bool take(std::int64_t count) {
    if (count > m_left) return false;
    m_left -= count;
    return true;
  }

private:
  std::int64_t m_left = 24000;
};

// nullopt where that is not how the dataset lies in the file, or where it is small or the budget is spent: read it
// then. It can be mapped if chunks are not compressed, whole pages on page boundaries, whole along every dimension
// behind `positions` and 1 along those before it. Chunks that nobody wrote are 0. The view lives longer than the file's
// handle; as for every mapped file, nobody may shorten the file in place (tensorio/mapped_file.h).
std::optional<TensorView> mapRows(const Dataset& dataset, std::size_t positions, const std::string& file,
                                  MapBudget& budget);

// Positions of a chunk so that it is whole pages and, for a text of `length` positions, few enough chunks to be mapped.
std::int64_t mappablePositions(std::int64_t rowBytes, std::int64_t length);

} // namespace orrery::trace::h5
