// SPDX-License-Identifier: MIT
// Attributes (H5A): scalars only. Strings are variable-length UTF-8, as h5py writes them;
// they are never read back, since HDF5 1.10 does not survive a damaged one.
#pragma once
#include "core/hdf5/handle.h"

namespace orrery::h5 {

Status setAttribute(hid_t at, const char* name, const std::string& text, const std::string& file);
Status setAttribute(hid_t at, const char* name, std::int64_t value, const std::string& file);
Status setAttribute(hid_t at, const char* name, double value, const std::string& file);

bool hasAttribute(hid_t at, const char* name);
Result<std::int64_t> integerAttribute(hid_t at, const char* name, const std::string& file);
Result<double> realAttribute(hid_t at, const char* name, const std::string& file);

} // namespace orrery::h5
