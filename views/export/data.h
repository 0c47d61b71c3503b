// SPDX-License-Identifier: MIT
// The numbers behind a picture as files. Pure but for the files written; any thread.
#pragma once
#include <string>
#include <vector>

#include "core/base/result.h"
#include "views/api/view.h"

namespace orrery::exports {

// By extension: .h5 (.hdf5) holds all tables (core/trace/array_file.h). .csv (with row and column labels) and .npy hold
// one each: the first goes to `path`, further ones beside it as STEM.NAME.csv. Each file appears whole or not at all;
// the first table is written last, so that `path` says that all is there. Errors: Unsupported (extension, naming it),
// BadInput (no tables, a table that is not 1-D or 2-D), Io.
Status exportData(const std::vector<views::DataTable>& tables, const std::string& path);

// The files that exportData() writes, in the order of the tables; one for all with .h5.
std::vector<std::string> dataPaths(const std::vector<views::DataTable>& tables, const std::string& path);

} // namespace orrery::exports
