// SPDX-License-Identifier: MIT
// The map file (HDF5, docs/map-file.md). Any thread; the library is locked meanwhile.
#pragma once
#include <string>

#include "core/base/result.h"
#include "core/sweep/map.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

// Whole or not at all, and on the disk when it returns. The same map makes the same bytes: no dates are in the file.
// `measure` says which sums of the digests stand in /digest. Errors: Io.
Status writeMap(const std::string& path, const Map& map, Measure measure);

struct ReadMapOptions {
  bool digests = true; // else MapLayer::digests stay empty, and most of the file is not read
  bool nulls = true;   // null maps and the rounding layer as well
};
// A file that nobody vouches for. Errors: NotFound, BadInput naming the dataset, expected and found; TooLarge.
Result<Map> readMap(const std::string& path, const ReadMapOptions& options = {});

bool isMapFile(const std::string& path); // an HDF5 file with /class and the attribute `format_version`; never fails

// Which normalisation of the digest a measure uses: that of Sohl-Dickstein for FinalLoss.
Measure normalisationOf(Measure measure);

} // namespace orrery::sweep
